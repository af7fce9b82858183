"""Golden values: five sets of eight clips through I3D with weights by name (`data/i3d.json`, slow).

What is independent of the network is tested with `SmallI3D`.
"""

import copy
import json
import pickle
from pathlib import Path

import pytest
import torch

from tests.unit.metrics.seeded_i3d import seeded_i3d
from tests.unit.metrics.small_i3d import SmallI3D, clips
from tests.unit.metrics.toon_frames import toon_clip
from toontween.errors import ShapeError, ToonTweenWarning
from toontween.metrics.distribution import frechet_distance, polynomial_mmd
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.video.features import PROTOCOLS, I3DFeatures
from toontween.metrics.video.fvd import FrechetVideoDistance, frechet_video_distance
from toontween.metrics.video.kvd import KernelVideoDistance, kernel_video_distance

GOLDEN = json.loads((Path(__file__).parent / "data" / "i3d.json").read_text())["end_to_end"]
SETS = {
    "blurred": {"blur": 2},
    "slow": {"speed": 0.5},
    "another seed": {"seed": 100},
    "frozen": {},
}
NAMED = {
    "blurred": "fake_blur2",
    "slow": "fake_slow",
    "another seed": "fake_other",
    "frozen": "fake_frozen",
}


@pytest.fixture
def features() -> I3DFeatures:
    return I3DFeatures(SmallI3D(), batch_size=2)


@pytest.fixture(params=[FrechetVideoDistance, KernelVideoDistance])
def distance(request, features):
    return request.param(features)


@pytest.fixture
def quiet_about_few_clips():
    with pytest.warns(ToonTweenWarning):
        yield


def toons(name: str) -> list[torch.Tensor]:
    made = []
    for seed in range(8):
        options = {"seed": seed} | SETS.get(name, {})
        options["seed"] = seed + (100 if name == "another seed" else 0)
        frames = (
            torch.from_numpy(toon_clip(16, 64, 64, **options)).permute(0, 3, 1, 2).float() / 255
        )
        made.append(frames[:1].expand_as(frames) if name == "frozen" else frames)
    return made


@pytest.fixture(scope="module")
def toon_logits() -> dict[str, torch.Tensor]:
    extractor = I3DFeatures(seeded_i3d(), batch_size=2)
    return {name: extractor.extract(toons(name))[0] for name in ("real", *SETS)}


@pytest.mark.slow
def test_the_logits_of_the_true_clips_are_the_published_ones(toon_logits):
    true = toon_logits["real"]
    assert true[0, :6].tolist() == pytest.approx(GOLDEN["logits_real_first"], rel=1e-4)
    assert true.norm(dim=1).tolist() == pytest.approx(GOLDEN["logits_real_norms"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_the_video_distances_of_whole_clips_are_the_published_ones(name, toon_logits):
    golden, ours, truth = GOLDEN[NAMED[name]], toon_logits[name], toon_logits["real"]
    with pytest.warns(ToonTweenWarning, match="8 clips"):
        exact = frechet_video_distance(ours, truth, protocol=PROTOCOLS["common-metrics"])
    with pytest.warns(ToonTweenWarning, match="8 clips"):
        single = frechet_video_distance(ours, truth, protocol=PROTOCOLS["lvdm"])
    assert exact == pytest.approx(golden["fvd_unbiased_float64"], rel=1e-4)
    assert single == pytest.approx(golden["fvd_float32"], rel=1e-3)
    assert kernel_video_distance(ours, truth) == pytest.approx(golden["kvd"], rel=1e-3)
    shift = (ours.double().mean(0) - truth.double().mean(0)).square().sum()
    assert float(shift) == pytest.approx(golden["mean_term"], rel=1e-4)


@pytest.mark.usefixtures("quiet_about_few_clips")
def test_fvd_is_the_frechet_distance_of_the_logits(features):
    measure = FrechetVideoDistance(features)
    measure.update(clips(5), clips(5, seed=1))
    logits = [features.extract(clips(5, seed=seed))[0] for seed in (0, 1)]
    assert float(measure.compute()) == pytest.approx(
        frechet_distance(logits[0], logits[1], dtype=torch.float32)
    )


def test_kvd_is_the_kernel_distance_of_the_logits(features):
    measure = KernelVideoDistance(features)
    measure.update(clips(5), clips(5, seed=1))
    logits = [features.extract(clips(5, seed=seed))[0] for seed in (0, 1)]
    assert float(measure.compute()) == pytest.approx(polynomial_mmd(logits[0], logits[1]))


@pytest.mark.filterwarnings("ignore::toontween.errors.ToonTweenWarning")
def test_clips_count_the_same_whichever_way_they_come(distance):
    whole, one_by_one, again = distance, distance.clone(), distance.clone()
    whole.update(clips(5), clips(5, seed=1))
    for ours, truth in zip(clips(5), clips(5, seed=1), strict=True):
        one_by_one.update(ours=[ours])
        one_by_one.update(truth=iter([truth]))
    again.update(ours=distance.features.extract(clips(5))[0])
    again.update(truth=distance.features.extract(clips(5, seed=1))[0])
    assert float(one_by_one.compute()) == pytest.approx(float(whole.compute()), rel=1e-6)
    assert float(again.compute()) == pytest.approx(float(whole.compute()), rel=1e-6)


@pytest.mark.filterwarnings("ignore::toontween.errors.ToonTweenWarning")
def test_what_two_processes_measured_is_merged(distance):
    whole, part = distance.clone(), distance.clone()
    whole.update(clips(6), clips(6, seed=1))
    distance.update(clips(6)[3:], clips(6, seed=1)[3:])
    part.update(clips(6)[:3], clips(6, seed=1)[:3])
    sent = pickle.loads(pickle.dumps(part))  # noqa: S301
    distance.merge_state(sent)
    assert float(distance.compute()) == pytest.approx(float(whole.compute()), rel=1e-6)
    assert distance.protocol == whole.protocol


def test_clips_of_another_shape_are_noticed_when_merged(distance):
    other = distance.clone()
    distance.update(clips(2), clips(2))
    other.update(clips(2, size=(9, 16, 16)), clips(2, size=(9, 16, 16)))
    distance.merge_state(other)
    with pytest.raises(ShapeError, match=r"\[9, 12, 16\] and \[9, 16, 16\]"):
        distance.compute()


def test_reset_forgets_all_clips(distance):
    distance.update(clips(3), clips(3))
    distance.reset()
    distance.update(clips(2, size=(10, 8, 8)), clips(2, size=(10, 8, 8)))
    assert distance.protocol.settings["clips"] == 2
    assert distance.protocol.settings["frames"] == 10


def test_a_generator_of_clips_is_taken_a_batch_at_a_time(features):
    taken: list[int] = []

    class Watched(SmallI3D):
        def forward(self, clips: torch.Tensor) -> torch.Tensor:
            seen.append((len(clips), len(taken)))
            return super().forward(clips)

    def read():
        for number, clip in enumerate(clips(5)):
            taken.append(number)
            yield clip

    seen: list[tuple[int, int]] = []
    I3DFeatures(Watched(), batch_size=2).extract(read())
    assert seen == [(2, 2), (2, 4), (1, 5)]


@pytest.mark.parametrize("batch_size", [1, 3, 7])
def test_the_batch_size_does_not_change_the_logits(batch_size, features):
    found = I3DFeatures(SmallI3D(), batch_size=batch_size).extract(clips(5))[0]
    assert torch.allclose(found, features.extract(clips(5))[0], rtol=1e-5)


@pytest.mark.filterwarnings("ignore::toontween.errors.ToonTweenWarning")
@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_protocol_stands_beside_the_number(name):
    measure = FrechetVideoDistance(I3DFeatures(SmallI3D(), name))
    measure.update(clips(3), clips(3, seed=1))
    measure.compute()
    told, settings = measure.protocol.describe(), measure.protocol.settings
    assert told.startswith(f"fvd ({name}): ")
    assert settings["resize"] == PROTOCOLS[name].resize
    assert (settings["clips"], settings["frames"], settings["eps"]) == (3, 9, 1e-3)
    assert settings["network"] == "I3D small"


def test_no_two_protocols_give_the_same_description():
    told = set()
    for name in PROTOCOLS:
        settings = dict(FrechetVideoDistance(I3DFeatures(SmallI3D(), name)).protocol.settings)
        told.add(tuple(settings.items()))
    assert len(told) == len(PROTOCOLS)


@pytest.mark.filterwarnings("ignore::toontween.errors.ToonTweenWarning")
def test_the_number_of_clips_is_part_of_the_protocol(features):
    measures = [FrechetVideoDistance(features) for _ in range(2)]
    for measure, count in zip(measures, (3, 4), strict=True):
        measure.update(clips(count), clips(count))
        measure.compute()
    assert measures[0].protocol.differences(measures[1].protocol) == ["clips: 3 or 4"]


def test_fvd_and_kvd_are_two_measures(features):
    both = [FrechetVideoDistance(features).protocol, KernelVideoDistance(features).protocol]
    assert both[0] != both[1]
    assert all(isinstance(protocol, MeasureProtocol) for protocol in both)


def test_the_protocol_that_stretches_as_tensorflow_does_sees_other_pixels():
    found = [
        I3DFeatures(SmallI3D(), name).extract(clips(1, size=(9, 300, 500)))[0]
        for name in ("lvdm", "tf-hub", "videogpt")
    ]
    assert not torch.allclose(found[0], found[1], rtol=1e-5)
    assert not torch.allclose(found[0], found[2], rtol=1e-5)


def test_a_protocol_of_eight_bits_rounds_first():
    rounded = (clips(1) * 255).round() / 255
    found = [I3DFeatures(SmallI3D(), "stylegan-v").extract(c)[0] for c in (clips(1), rounded)]
    assert torch.equal(found[0], found[1])
    exact = I3DFeatures(SmallI3D(), "cd-fvd").extract(clips(1))[0]
    assert not torch.equal(found[0], exact)


def test_few_clips_are_warned_about_with_their_number(features):
    measure = FrechetVideoDistance(features)
    measure.update(clips(3), clips(3, seed=1))
    with pytest.warns(ToonTweenWarning, match="3 clips is biased"):
        measure.compute()


def test_four_hundred_clips_are_enough():
    logits = torch.randn(400, 8, generator=torch.Generator().manual_seed(0))
    frechet_video_distance(logits, logits + 1, protocol=PROTOCOLS["lvdm"])


def test_a_copy_is_independent(distance):
    copied = copy.deepcopy(distance)
    distance.update(clips(3), clips(3))
    assert copied.protocol.settings["clips"] == 0
