"""The two keys of a call → what the networks are shown, and what comes back in the keys' places."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.pipelines.inputs.geometry import (
    PUBLISHED_SIZE,
    Geometry,
    before_crop,
    check_size,
    front_end_of,
    plan_geometry,
)
from toontween.pipelines.inputs.pictures import PictureLike, as_batch, read_picture


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedKeys:
    """The keys of every sample in the forms they are needed in; k = 2, first and last."""

    shown: Float[Tensor, "b k 3 h w"]
    """As they stand in the result, 0…1."""

    pixels: Float[Tensor, "b k 3 height width"]
    """As the autoencoder sees them, −1…1, at the working size."""

    clip_pictures: Float[Tensor, "b 3 y x"]
    """What the image tower sees of the first keys, −1…1."""

    geometry: Geometry
    """From the size shown to the working size and back."""

    source_size: tuple[int, int]
    """Height and width the keys came in."""

    sheet_size: tuple[int, int]
    """Height and width of the whole keys when scaled, before a front end cropped them: the sheet for sketches."""


def prepare_keys(
    first: PictureLike | Sequence[PictureLike],
    last: PictureLike | Sequence[PictureLike],
    *,
    multiple: int,
    preprocessing: str = "native",
    height: int | None = None,
    width: int | None = None,
) -> PreparedKeys:
    """Read the keys of one or more samples and bring them to a size that suits the networks.

    Args:
        first: The key of frame 0, or one a sample.
        last: The key of the last frame, or one a sample.
        multiple: What both sides must be multiples of.
        preprocessing: "native", or an original front end: "cli", "gradio".
        height: Height to work at; with a front end, the height to crop to.
        width: Width to work at; with a front end, the width to crop to.

    Raises:
        ShapeError: The keys differ in number or size.
        InputError: A key cannot be read, or an argument is out of its range.
    """
    front_end = front_end_of(preprocessing)
    raw = _read_pairs(as_batch(first, name="first"), as_batch(last, name="last"))
    source_size = (raw.shape[-2], raw.shape[-1])
    shown, cut_from = raw, None
    if front_end is not None:
        wanted = check_size(height, width)
        size = (wanted[0] or PUBLISHED_SIZE[0], wanted[1] or PUBLISHED_SIZE[1])
        shown = front_end(raw.flatten(0, 1), size).unflatten(0, raw.shape[:2])
        cut_from = before_crop(source_size, size)
        height = width = None
    geometry = plan_geometry(
        (shown.shape[-2], shown.shape[-1]), multiple=multiple, height=height, width=width
    )
    pixels = geometry.enter(shown.flatten(0, 1)).unflatten(0, shown.shape[:2])
    clip_source = raw if preprocessing == "gradio" else shown
    return PreparedKeys(
        shown=shown,
        pixels=_signed(pixels),
        clip_pictures=_signed(clip_source[:, 0]),
        geometry=geometry,
        source_size=source_size,
        sheet_size=cut_from or geometry.scaled,
    )


def _read_pairs(first: list[PictureLike], last: list[PictureLike]) -> Tensor:
    """All keys as one tensor (b, 2, 3, h, w)."""
    if len(first) != len(last):
        raise ShapeError(f"{len(first)} first keys and {len(last)} last keys")
    pictures: list[Tensor] = []
    for sample, pair in enumerate(zip(first, last, strict=True)):
        where = f" of sample {sample}" if len(first) > 1 else ""
        for name, key in zip(("first", "last"), pair, strict=True):
            pictures.append(read_picture(key, name=f"the {name} key{where}"))
    sizes = {(picture.shape[2], picture.shape[1]) for picture in pictures}
    if len(sizes) > 1:
        raise ShapeError(
            "the keys differ in size: " + ", ".join(f"{w}×{h}" for w, h in sorted(sizes)),
            hint="bring them to one size, without distorting them",
        )
    return torch.stack(pictures).unflatten(0, (len(first), 2))


def _signed(pictures: Tensor) -> Tensor:
    return pictures.clamp(0, 1) * 2 - 1
