import numpy as np
import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import Counted, check_frames, check_pair, to_frames
from toontween.metrics.grey import to_grey, to_grey_levels


def grey_clip(*, num_frames: int = 4, height: int = 3, width: int = 5) -> torch.Tensor:
    return torch.full((num_frames, 3, height, width), 0.5)


def test_a_frame_that_is_not_finite_is_named():
    for value in (float("nan"), float("inf")):
        frames = grey_clip()
        frames[2, 1, 0, 0] = value
        with pytest.raises(InputError, match=r"frame 2 of ours .*not finite"):
            check_frames(frames, "ours")


@pytest.mark.parametrize("value", [-1.0, 255.0])
def test_a_frame_of_another_range_is_named(value):
    frames = grey_clip()
    frames[3] = value
    with pytest.raises(InputError, match="frame 3 of truth"):
        check_pair(grey_clip(), frames)


def test_levels_are_not_taken_for_values():
    with pytest.raises(InputError, match="divide by 255"):
        check_frames(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), "ours")


@pytest.mark.parametrize("shape", [(3, 4, 4), (2, 4, 4, 3), (2, 2, 4, 4), (2, 3, 0, 4)])
def test_what_is_no_clip_is_refused(shape):
    with pytest.raises(ShapeError, match="time, 1 or 3 channels"):
        check_frames(torch.zeros(shape), "ours")


def test_an_empty_clip_is_refused():
    with pytest.raises(InputError, match="too few frames: 0"):
        check_frames(torch.zeros(0, 3, 4, 4), "ours")


def test_clips_of_different_length_are_told_with_both_lengths():
    with pytest.raises(ShapeError, match=r"4 frames of ours .* 5 of the truth"):
        check_pair(grey_clip(), grey_clip(num_frames=5))


def test_clips_of_different_size_are_told_with_both_sizes():
    with pytest.raises(ShapeError, match=r"3×3×5 of ours .* 3×3×6 of the truth"):
        check_pair(grey_clip(), grey_clip(width=6))


def test_inbetweens_are_all_but_the_keys():
    frames = torch.arange(5).float().view(5, 1, 1, 1)
    assert Counted.INBETWEENS.pick(frames).flatten().tolist() == [1, 2, 3]
    assert Counted.ALL.pick(frames).flatten().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_highest_level_is_one(dtype):
    picture = np.full((2, 3, 3), np.iinfo(dtype).max, dtype)
    assert torch.equal(
        to_frames([picture, picture * 0]),
        torch.tensor([1.0, 0]).view(2, 1, 1, 1).expand(2, 3, 2, 3),
    )


def test_a_picture_of_another_size_is_named():
    pictures = [np.zeros((4, 6, 3), np.uint8)] * 3 + [np.zeros((4, 5, 3), np.uint8)]
    with pytest.raises(ShapeError, match=r"frame 3 is \(4, 5, 3\), but frame 0 is \(4, 6, 3\)"):
        to_frames(pictures)


def test_a_picture_of_another_kind_is_named():
    with pytest.raises(InputError, match="frame 1 is float32, but frame 0 is uint8"):
        to_frames([np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 3), np.float32)])


def test_pictures_without_a_range_are_refused():
    with pytest.raises(InputError, match="int64"):
        to_frames([np.zeros((4, 6, 3), np.int64)])
    with pytest.raises(InputError, match="no frames"):
        to_frames([])


def test_grey_frames_stay_what_they_are():
    frames = torch.rand(2, 1, 3, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(to_grey(frames), frames[:, 0].double())
    assert np.array_equal(to_grey_levels(frames), (frames[:, 0] * 255).round().numpy())


def test_grey_of_a_colour_is_its_luma():
    colour = torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1)
    assert float(to_grey(colour)) == pytest.approx(0.299 + 0.587 * 0.5 + 0.114 * 0.25)
