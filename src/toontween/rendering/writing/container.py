"""What a file format cannot hold of a drawing, and the nearest drawing that it can."""

from collections.abc import Callable

import numpy as np

from toontween.media.frames import Pixels, composite_over, from_picture, to_picture

WHITE = (1.0, 1.0, 1.0)

_OPAQUE = frozenset({".jpg", ".jpeg", ".mp4", ".m4v"})
_EVEN = frozenset({".mp4", ".m4v"})
_SHALLOW = frozenset({".jpg", ".jpeg", ".webp", ".tga", ".gif"})


def holds_transparency(suffix: str) -> bool:
    """Whether files with this suffix, like ".png", can be transparent somewhere."""
    return suffix.lower() not in _OPAQUE


def fit_for(suffix: str, like: Pixels) -> tuple[Callable[[np.ndarray], Pixels], list[str]]:
    """How drawings like this one are made fit for a format, and what is lost thereby.

    Transparency goes onto white where the format has none; 16 bits are rounded to 8 where it refuses more.

    Args:
        suffix: Of the file, like ".png".
        like: One of the drawings.

    Returns:
        A function from a drawing to what is written, and a sentence for every loss.
    """
    suffix = suffix.lower()
    height, width, channels = like.shape
    flatten = channels == 4 and suffix in _OPAQUE
    round_off = like.dtype == np.uint16 and suffix in _SHALLOW
    losses: list[str] = []
    if flatten:
        losses.append(f"{suffix} holds no transparency: the drawings are on white")
    if round_off:
        losses.append(f"{suffix} holds 8 bits a channel: the 16-bit drawings are rounded")
    if suffix in _EVEN and (height % 2 or width % 2):
        size = f"{width + width % 2}×{height + height % 2}"
        losses.append(f"{suffix} needs even sides: the film is {size}, its last line doubled")

    def convert(pixels: np.ndarray) -> Pixels:
        if not flatten and not round_off:
            return pixels
        picture = composite_over(to_picture(pixels), WHITE) if flatten else to_picture(pixels)
        return from_picture(picture, np.uint8 if round_off else pixels.dtype)

    return convert, losses
