"""What every accumulating measure keeps to, and that each gives the number of its function."""

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torchmetrics import MetricCollection

from tests.unit.metrics.measures.clips import grainy, truth
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import Counted
from toontween.metrics.fidelity import end_frame_fidelity
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.line import (
    LineRule,
    dog_lines,
    line_chamfer_distance,
    line_precision_recall,
    line_ratio,
)
from toontween.metrics.measures.base import ClipMeasure
from toontween.metrics.measures.drawings import EndFrameMeasure, FlatColourMeasure, LineMeasure
from toontween.metrics.measures.movement import (
    FlickerMeasure,
    MotionCurveMeasure,
    MotionShareMeasure,
    PaceMeasure,
    WarpingMeasure,
)
from toontween.metrics.measures.pictures import CpbdMeasure, PsnrMeasure, SsimMeasure
from toontween.metrics.motion import share_of_true_motion
from toontween.metrics.palette import flat_colours, key_palette
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.sharpness.cpbd import EdgeRule, cpbd
from toontween.metrics.temporal.flicker import temporal_flickering

TRUTH = truth()
OURS = grainy(TRUTH, 3.0)
KEYS = TRUTH[[0, -1]]

AGAINST_TRUTH: dict[str, Callable[[], ClipMeasure]] = {
    "psnr": PsnrMeasure,
    "ssim": SsimMeasure,
    "lines": LineMeasure,
    "motion share": MotionShareMeasure,
    "flicker": FlickerMeasure,
    "warping": WarpingMeasure,
    "motion curve": MotionCurveMeasure,
    "pace": PaceMeasure,
}
ALL = {
    **AGAINST_TRUTH,
    "cpbd": CpbdMeasure,
    "flat colours": FlatColourMeasure,
    "end frames": EndFrameMeasure,
}


class Brightness(ClipMeasure):
    """Mean value of a clip; undefined where it is black."""

    def __init__(self) -> None:
        protocol = MeasureProtocol(measure="brightness", version="1")
        super().__init__(protocol=protocol, numbers=("brightness",))

    def update(self, ours: torch.Tensor) -> None:
        with self._next_clip():
            if len(ours) == 0:
                raise InputError("no frames", hint="give one")
            mean = ours.double().mean()
            self._keep(brightness=mean if mean > 0 else float("nan"))


def measured(measure: ClipMeasure, *clips: torch.Tensor) -> ClipMeasure:
    for clip in clips:
        arguments = {"ours": clip, "truth": TRUTH, "keys": KEYS}
        taken = measure._update_signature.parameters
        measure.update(**{name: arguments[name] for name in taken})
    return measure


def value(measure: ClipMeasure, name: str) -> float:
    return float(measured(measure, OURS).compute()[name])


def test_the_mean_is_over_frames_then_over_clips():
    measure = Brightness()
    measure.update(torch.full((1, 3, 2, 2), 1.0))
    measure.update(torch.full((9, 3, 2, 2), 0.5))  # longer, but one clip
    assert measure.compute()["brightness"] == 0.75
    assert measure.per_clip()["brightness"].tolist() == [1, 0.5]


def test_clips_without_the_number_are_left_out_and_counted():
    measure = Brightness()
    for level in (0.25, 0.0, 0.75):
        measure.update(torch.full((2, 3, 2, 2), level))
    assert measure.compute()["brightness"] == 0.5
    assert measure.num_undefined() == {"brightness": 1}


def test_a_number_that_no_clip_has_is_no_number():
    measure = Brightness()
    measure.update(torch.zeros(2, 3, 2, 2))
    with pytest.raises(InputError, match="brightness is defined in none of 1 clips"):
        measure.compute()


def test_nothing_measured_has_no_mean():
    with pytest.warns(UserWarning, match="before the"), pytest.raises(InputError, match="no clip"):
        Brightness().compute()


def test_reset_forgets_all_clips():
    measure = Brightness()
    measure.update(torch.ones(2, 3, 2, 2))
    measure.reset()
    measure.update(torch.full((2, 3, 2, 2), 0.25))
    assert measure.compute()["brightness"] == 0.25


def test_an_error_says_which_clip_is_at_fault_and_keeps_the_others():
    measure = Brightness()
    measure.update(torch.full((2, 3, 2, 2), 0.5))
    with pytest.raises(InputError, match=r"clip 1: no frames \(give one\)"):
        measure.update(torch.zeros(0, 3, 2, 2))
    assert measure.compute()["brightness"] == 0.5


def test_halves_measured_apart_merge_to_the_whole():
    levels = torch.tensor([0.125, 0.25, 0.5, 0.75, 1.0])
    clips = [torch.full((2, 3, 2, 2), float(level)) for level in levels]
    one, other = Brightness(), Brightness()
    for clip in clips[:2]:
        one.update(clip)
    for clip in clips[2:]:
        other.update(clip)
    other.merge_state(one)
    assert other.per_clip()["brightness"].tolist() == levels.tolist()
    assert float(other.compute()["brightness"]) == pytest.approx(float(levels.mean()))


def test_values_of_different_protocols_do_not_merge():
    one, other = PsnrMeasure(), PsnrMeasure(counted=Counted.ALL)
    for measure in (one, other):
        measure.update(OURS, TRUTH)
    with pytest.raises(ValueError, match="Expected state variable"):
        one.merge_state(other)


def test_a_collection_keeps_measures_apart_whose_first_values_agree():
    measures = {"some": PsnrMeasure(), "all": PsnrMeasure(counted=Counted.ALL)}
    both = MetricCollection(dict(measures))
    both.update(TRUTH, TRUTH)
    both.update(torch.cat([TRUTH[:1] * 0, TRUTH[1:]]), TRUTH)
    some, every = (measure.per_clip()["psnr_db"].tolist() for measure in measures.values())
    assert some[0] == some[1] == every[0] > every[1]


def test_values_survive_copying_and_pickling():
    measure = Brightness()
    measure.update(torch.full((2, 3, 2, 2), 0.1, dtype=torch.float64))
    for same in (copy.deepcopy(measure), pickle.loads(pickle.dumps(measure))):  # noqa: S301 our own
        assert same.per_clip()["brightness"].tolist() == pytest.approx([0.1], abs=1e-15)
        assert same.protocol == measure.protocol


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_every_measure_keeps_one_value_a_clip_for_each_of_its_numbers(make):
    measure = measured(make(), TRUTH, OURS)
    per_clip = measure.per_clip()
    assert set(measure.compute()) == set(per_clip) == set(measure.numbers)
    assert all(values.shape == (2,) and values.isfinite().all() for values in per_clip.values())
    assert all(values.dtype == torch.float64 for values in per_clip.values())


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_every_measure_says_by_what_it_was_made(make):
    assert make().protocol == make().protocol
    assert make().protocol.measure in make().protocol.describe()


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_every_measure_names_clip_and_frame_of_a_bad_number(make):
    measure = measured(make(), TRUTH)
    bad = OURS.clone()
    bad[3, 0, 0, 0] = float("nan")
    with pytest.raises(InputError, match=r"clip 1: frame 3 of ours .*finite"):
        measured(measure, bad)


@pytest.mark.parametrize("make", AGAINST_TRUTH.values(), ids=AGAINST_TRUTH)
def test_every_measure_against_the_truth_refuses_other_frames(make):
    with pytest.raises(ShapeError, match=r"clip 0: 5 frames of ours .* 6 of the truth"):
        measured(make(), OURS[:5])
    with pytest.raises(ShapeError, match=r"clip 0: 3×64×95 of ours .* 3×64×96 of the truth"):
        measured(make(), OURS[..., 1:])


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_every_measure_refuses_a_clip_without_frames(make):
    with pytest.raises(InputError, match="clip 0: ours has too few frames: 0"):
        measured(make(), OURS[:0])


def test_all_measures_take_the_same_clip_in_one_call():
    every = MetricCollection({name: make() for name, make in ALL.items()})
    every.update(ours=OURS, truth=TRUTH, keys=KEYS)
    means = every.compute()
    assert {"psnr_db", "ssim", "chamfer", "motion_share", "error", "cpbd", "drift"} <= set(means)


@pytest.mark.parametrize("counted", Counted)
def test_psnr_ssim_and_sharpness_are_means_over_the_counted_frames(counted):
    ours, true = counted.pick(OURS), counted.pick(TRUTH)
    ratio = psnr(ours, true, mse_floor=EIGHT_BIT_MSE_FLOOR).mean()
    assert value(PsnrMeasure(counted=counted), "psnr_db") == pytest.approx(float(ratio))
    assert value(SsimMeasure(counted=counted), "ssim") == pytest.approx(
        float(ssim(ours, true).mean())
    )
    sharp = cpbd(ours, rule=EdgeRule.MATLAB).mean()
    assert value(CpbdMeasure(rule=EdgeRule.MATLAB, counted=counted), "cpbd") == float(sharp)


def test_line_numbers_are_means_over_inbetweens():
    found = measured(LineMeasure(tolerance_px=1.0), OURS).compute()
    pairs = list(zip(dog_lines(OURS[1:-1]), dog_lines(TRUTH[1:-1]), strict=True))
    expected = [
        np.mean([line_chamfer_distance(*pair) for pair in pairs]),
        np.mean([line_ratio(*pair) for pair in pairs]),
        *np.mean([line_precision_recall(*pair, tolerance_px=1.0) for pair in pairs], axis=0),
    ]
    assert [float(number) for number in found.values()] == pytest.approx(expected)


def test_a_truth_without_lines_has_only_a_chamfer_distance():
    blank = torch.ones(4, 3, 64, 64)
    measure = LineMeasure(rule=LineRule.DRAWN)
    measure.update(blank, blank)
    assert measure.num_undefined() == {"chamfer": 0, "line_ratio": 1, "precision": 1, "recall": 1}
    assert measure.per_clip()["chamfer"].tolist() == [0]


def test_colour_numbers_are_means_over_inbetweens():
    found = measured(FlatColourMeasure(), OURS).compute()
    frames = flat_colours(OURS[1:-1], key_palette(KEYS))
    for name, number in found.items():
        assert float(number) == pytest.approx(np.mean([getattr(frame, name) for frame in frames]))


def test_painted_keys_leave_colour_numbers_undefined():
    static = torch.rand(3, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    measure = FlatColourMeasure()
    measure.update(static, static[[0, -1]])
    assert set(measure.num_undefined().values()) == {1}


def test_end_frames_are_compared_with_their_keys():
    first, last = end_frame_fidelity(OURS, KEYS)
    found = measured(EndFrameMeasure(), OURS).compute()
    assert [float(x) for x in found.values()] == pytest.approx([first, last])


def test_flicker_is_told_with_its_sign():
    still = TRUTH[:1].expand(len(TRUTH), -1, -1, -1)
    calm, restless = (measured(FlickerMeasure(), clip).compute() for clip in (still, OURS))
    assert float(calm["flickering"]) == 1
    assert float(calm["difference"]) == pytest.approx(1 - temporal_flickering(TRUTH))
    assert float(restless["difference"]) < 0


def test_the_share_of_the_motion_is_undefined_where_nothing_moves():
    still = TRUTH[:1].expand(len(TRUTH), -1, -1, -1)
    measure = MotionShareMeasure()
    measure.update(still, still)
    measure.update(OURS, TRUTH)
    assert measure.num_undefined() == {"motion_share": 1}
    assert float(measure.compute()["motion_share"]) == pytest.approx(
        share_of_true_motion(OURS, TRUTH)
    )


def test_the_truth_has_its_own_warping_error_and_no_distance_from_its_curve():
    warping = measured(WarpingMeasure(), TRUTH).compute()
    assert warping["error"] == warping["own_flow_error"] == warping["true_error"]
    curve = measured(MotionCurveMeasure(), TRUTH).compute()
    assert curve["curve_distance"] == 0
    assert curve["speed_px"] == curve["true_speed_px"]


def test_a_clip_that_stands_still_is_held_in_every_step():
    still = TRUTH[:1].expand(len(TRUTH), -1, -1, -1)
    found = measured(PaceMeasure(), still).compute()
    assert [float(found[name]) for name in ("held", "jumping")] == [1, 0]
