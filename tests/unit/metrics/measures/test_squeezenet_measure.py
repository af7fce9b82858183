"""The accumulated SqueezeNet distances; golden values with the released weights need `--squeezenet-weights FILE`."""

import pytest
import torch

from tests.unit.metrics.squeezenet_by_rule import frames_by_rule, weights_by_rule
from toontween.errors import InputError
from toontween.metrics.clips import Counted
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.measures.movement import MotionShareMeasure
from toontween.metrics.measures.pictures import PsnrMeasure, SqueezeNetMeasure
from toontween.metrics.perceptual import (
    SqueezeNetFeatures,
    load_squeezenet,
    pooled_features,
    squeezenet_distance,
)


@pytest.fixture(scope="module")
def network() -> SqueezeNetFeatures:
    network = SqueezeNetFeatures()
    network.load_state_dict({n: torch.from_numpy(w) for n, w in weights_by_rule().items()})
    return network.eval().requires_grad_(requires_grad=False)


def clips(tag: str) -> list[torch.Tensor]:
    return [
        frames_by_rule(f"{tag}{number}", (frames, 3, 4)) for number, frames in enumerate((4, 6))
    ]


def test_the_distance_is_a_mean_over_clips_and_the_frechet_distance_one_of_all_frames(network):
    ours, truth = clips("pa"), clips("pb")
    measure = SqueezeNetMeasure(network)
    for pair in zip(ours, truth, strict=True):
        measure.update(*pair)
    our_maps, true_maps = ([network(clip[1:-1]) for clip in several] for several in (ours, truth))
    distances = [
        float(squeezenet_distance(*pair).mean()) for pair in zip(our_maps, true_maps, strict=True)
    ]
    assert measure.per_clip()["distance"].tolist() == pytest.approx(distances)
    found = measure.compute()
    assert float(found["distance"]) == pytest.approx(sum(distances) / 2)
    features = [
        torch.cat([pooled_features(maps) for maps in several]) for several in (our_maps, true_maps)
    ]
    assert float(found["frechet"]) == pytest.approx(frechet_distance(*features), rel=1e-9)
    assert measure.num_frames() == 6


def test_halves_measured_apart_merge_to_the_whole(network):
    whole, one, other = (SqueezeNetMeasure(network) for _ in range(3))
    for half, *pair in zip((one, other), clips("pa"), clips("pb"), strict=True):
        half.update(*pair)
        whole.update(*pair)
    other.merge_state(one)
    for name, value in whole.compute().items():
        assert float(other.compute()[name]) == pytest.approx(float(value))


def test_the_truth_is_at_no_distance_from_itself(network):
    measure = SqueezeNetMeasure(network, counted=Counted.ALL)
    measure.update(clips("pa")[0], clips("pa")[0])
    assert measure.compute()["distance"] == 0
    assert float(measure.compute()["frechet"]) == pytest.approx(0, abs=1e-3)


def test_one_inbetween_has_no_covariance(network):
    measure = SqueezeNetMeasure(network)
    measure.update(clips("pa")[0][:3], clips("pb")[0][:3])
    with pytest.raises(InputError, match="covariance"):
        measure.compute()


def test_reset_forgets_the_features(network):
    measure = SqueezeNetMeasure(network)
    measure.update(clips("pa")[0], clips("pb")[0])
    measure.reset()
    assert measure.num_frames() == 0


@pytest.mark.weights
def test_accumulated_values_are_the_published_ones_with_the_released_weights(squeezenet_weights):
    clip = frames_by_rule("pa", (16, 10, 16)), frames_by_rule("pb", (16, 10, 16))
    measures = (
        SqueezeNetMeasure(load_squeezenet(squeezenet_weights)),
        PsnrMeasure(),
        MotionShareMeasure(),
    )
    found: dict[str, torch.Tensor] = {}
    for measure in measures:
        measure.update(*clip)
        found |= measure.compute()
    assert float(found["distance"]) == pytest.approx(2.33368, abs=1e-4)
    assert float(found["frechet"]) == pytest.approx(18149.88, rel=1e-4)
    assert float(found["psnr_db"]) == pytest.approx(11.05047, abs=1e-4)
    assert float(found["motion_share"]) == pytest.approx(0.0047476, abs=1e-6)
