"""How much a clip changes from frame to frame, pixel by pixel, whatever the reason."""

from jaxtyping import Float, Float64
from torch import Tensor

from toontween.metrics.clips import check_frames


def frame_changes(frames: Float[Tensor, "t c h w"]) -> Float64[Tensor, " s"]:
    """Mean absolute difference of neighbouring frames, 0…1, step by step.

    Args:
        frames: Frames in 0…1, two or more.

    Raises:
        ShapeError: It is no clip.
        InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
    """
    check_frames(frames, "the clip", at_least=2)
    return frames.double().diff(dim=0).abs().mean(dim=(1, 2, 3))


def temporal_flickering(frames: Float[Tensor, "t c h w"]) -> float:
    """VBench's "temporal flickering" (Huang et al., CVPR 2024), 0…1: one minus the mean change.

    It rewards stillness: a frozen clip scores 1, and true motion costs as much as flicker does. It says something only
    beside the truth's own value, or beside how much moves.

    Args:
        frames: Frames in 0…1, two or more.

    Raises:
        ShapeError: It is no clip.
        InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
    """
    return 1 - float(frame_changes(frames).mean())
