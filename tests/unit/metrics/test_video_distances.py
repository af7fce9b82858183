"""Golden values: five sets of eight clips through I3D with weights by name (`data/i3d.json`, slow).

What is independent of the network is tested with one that has a single layer in place of I3D's.
"""

import copy
import json
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.unit.metrics.seeded_i3d import seeded_i3d
from tests.unit.metrics.toon_frames import toon_clip
from toontween.errors import InputError, ShapeError, ToonTweenWarning, UnknownNameError
from toontween.metrics.distribution import frechet_distance, polynomial_mmd
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.video.features import PROTOCOLS, I3DFeatures
from toontween.metrics.video.fvd import FrechetVideoDistance, frechet_video_distance
from toontween.metrics.video.i3d import I3D, Logits
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


class SmallI3D(I3D):
    """Takes the place of the network: eight weighted means over thirds of a clip, as quick as they are meaningless."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.eps, self.weights = 1e-3, "small"
        self.logits = Logits(9, 8)
        weights = torch.randn(8, 9, 1, 1, 1, generator=torch.Generator().manual_seed(0))
        self.load_state_dict(
            {"logits.conv3d.weight": weights, "logits.conv3d.bias": weights[:, 0, 0, 0, 0]}
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        thirds = torch.nn.functional.adaptive_avg_pool3d(clips, (3, 1, 1)).flatten(1)
        return self.logits(thirds[:, :, None, None, None]).flatten(1)


def clips(count: int, *, seed: int = 0, size: tuple[int, int, int] = (9, 12, 16)) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(count, size[0], 3, *size[1:], generator=random)


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


def test_one_clip_is_no_set(distance):
    distance.update(clips(1), clips(1))
    with pytest.raises(InputError, match="covariance"):
        distance.compute()


def test_sets_that_differ_in_number_are_refused_by_the_clip_without_a_partner(distance):
    distance.update(clips(4), clips(3))
    with pytest.raises(InputError, match="4 clips of ours, 3 of truth: clip 3 of ours"):
        distance.compute()


def test_sets_that_differ_in_number_can_be_asked_for(features):
    measure = KernelVideoDistance(features, allow_unequal=True)
    measure.update(clips(4), clips(3))
    measure.compute()
    assert measure.protocol.settings["clips"] == "4 of ours, 3 of truth"


def test_a_frame_that_is_not_finite_is_refused_by_clip_and_frame(distance):
    spoilt = clips(3)
    spoilt[2, 5, 0, 3, 3] = float("nan")
    distance.update(clips(4))
    with pytest.raises(InputError, match=r"frame 5 of clip 6 of ours .* not finite"):
        distance.update(ours=spoilt)


def test_a_clip_in_the_wrong_range_is_refused(distance):
    with pytest.raises(InputError, match=r"clip 0 of truth .* from -1 to 1.* 0…1"):
        distance.update(truth=(clips(2) > 0.5).float() * 2 - 1)


def test_a_clip_that_is_too_short_is_refused_by_its_number(distance):
    short = [clips(1)[0], clips(1, size=(8, 12, 16))[0]]
    with pytest.raises(ShapeError, match="clip 1 of ours has 8 frames; I3D needs 9"):
        distance.update(ours=short)


@pytest.mark.parametrize("size", [(10, 12, 16), (9, 16, 12)])
def test_a_clip_of_another_shape_is_refused_by_its_number(distance, size):
    distance.update(ours=clips(2))
    with pytest.raises(ShapeError, match="clip 0 of truth has"):
        distance.update(truth=clips(1, size=size))
    with pytest.raises(ShapeError, match="clip 3 of ours has"):
        distance.update(ours=[clips(1)[0], clips(1, size=size)[0]])


def test_what_was_refused_is_not_counted(distance):
    distance.update(clips(2), clips(2))
    with pytest.raises(ShapeError):
        distance.update(ours=[clips(1)[0], clips(1, size=(8, 12, 16))[0]])
    assert distance.protocol.settings["clips"] == 2


def test_grey_clips_are_refused(distance):
    with pytest.raises(ShapeError, match="1 channels"):
        distance.update(ours=clips(2)[:, :, :1])


def test_features_of_another_network_are_refused(distance):
    with pytest.raises(ShapeError, match="features of 400"):
        distance.update(ours=torch.zeros(3, 400))


def test_a_network_that_gives_no_numbers_is_refused():
    broken = SmallI3D()
    broken.load_state_dict({n: t * float("nan") for n, t in broken.state_dict().items()})
    with pytest.raises(InputError, match="logits that are not finite"):
        I3DFeatures(broken).extract(clips(1))


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'fvd'.*lvdm, stylegan-v, tf-hub, cd-fvd"):
        I3DFeatures(SmallI3D(), "fvd")


def test_a_batch_of_no_clips_is_refused():
    with pytest.raises(InputError, match="batch_size=0"):
        I3DFeatures(SmallI3D(), batch_size=0)


def test_a_copy_is_independent(distance):
    copied = copy.deepcopy(distance)
    distance.update(clips(3), clips(3))
    assert copied.protocol.settings["clips"] == 0
