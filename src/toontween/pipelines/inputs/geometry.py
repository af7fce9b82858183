"""How pictures of any size meet a network that wants multiples of 64, and how frames come back to that size.

Pictures are, when a working size is asked for, scaled to fit into it with their aspect ratio kept; then their edge
pixels are repeated up to the next multiple. Repeated edges disturb least: white or grey borders would be new edges
close to the drawing, and the group norms would see their flat areas. Frames are cropped and scaled back.

The two original front ends, the command line and the web page, instead scale the shorter side and crop the middle;
their frames stay at that size.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from toontween.errors import InputError
from toontween.shapes import Padding, centred_padding

PUBLISHED_SIZE = (320, 512)
"""Height and width that the original front ends crop to."""

_MOST_PX = 16_384


@dataclass(frozen=True, slots=True)
class Geometry:
    """The way of pictures of one size into the network and of frames back out."""

    height_px: int
    """Height of the pictures, and of the frames that are given back."""

    width_px: int
    """Width of the same."""

    scaled: tuple[int, int]
    """Height and width after scaling."""

    padding: Padding
    """What is then added on each side."""

    @property
    def working_size(self) -> tuple[int, int]:
        """Height and width in pixels that the networks see."""
        pad = self.padding
        return (
            self.scaled[0] + pad.top + pad.bottom,
            self.scaled[1] + pad.left + pad.right,
        )

    def enter(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c height width"]:
        """Scale pictures in 0…1, all of this geometry's size, and repeat their edges."""
        return F.pad(_resize(pictures, self.scaled), self._sides, mode="replicate")

    def pad(
        self, scaled: Float[Tensor, "n c y x"], *, border: float
    ) -> Float[Tensor, "n c height width"]:
        """Add a border of one value to what has the scaled size already."""
        return F.pad(scaled, self._sides, value=border)

    def leave(self, frames: Float[Tensor, "n c height width"]) -> Float[Tensor, "n c h w"]:
        """Crop and scale frames in 0…1 back to the pictures' size."""
        return _resize(self.crop(frames), (self.height_px, self.width_px))

    def crop(self, frames: Float[Tensor, "n c height width"]) -> Float[Tensor, "n c y x"]:
        """Frames without the repeated edges, at the scaled size."""
        top, left = self.padding.top, self.padding.left
        return frames[:, :, top : top + self.scaled[0], left : left + self.scaled[1]]

    @property
    def shrinks(self) -> bool:
        """Whether the networks see pictures smaller than they came."""
        return self.scaled[0] < self.height_px and self.scaled[1] < self.width_px

    @property
    def _sides(self) -> tuple[int, int, int, int]:
        pad = self.padding
        return (pad.left, pad.right, pad.top, pad.bottom)


def plan_geometry(
    size: tuple[int, int], *, multiple: int, height: int | None = None, width: int | None = None
) -> Geometry:
    """The geometry for pictures of some height and width.

    Args:
        size: Height and width of the pictures.
        multiple: What both sides of the working size must be multiples of.
        height: Largest height to work at; None leaves it open.
        width: Largest width to work at; None leaves it open.

    Raises:
        InputError: A working size is not a reasonable number of pixels.
    """
    wanted = check_size(height, width)
    limits = [limit / side for limit, side in zip(wanted, size, strict=True) if limit is not None]
    factor = min(limits, default=1.0)
    scaled = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
    box = tuple(limit or side for limit, side in zip(wanted, scaled, strict=True))
    outer = centred_padding(box[1], box[0], multiple)
    total_y = outer.top + outer.bottom + box[0] - scaled[0]
    total_x = outer.left + outer.right + box[1] - scaled[1]
    padding = Padding(total_x // 2, total_y // 2, total_x - total_x // 2, total_y - total_y // 2)
    return Geometry(*size, scaled=scaled, padding=padding)


def check_size(height: int | None, width: int | None) -> tuple[int | None, int | None]:
    """The same height and width.

    Raises:
        InputError: One of them is not within 1…16384.
    """
    for name, value in (("height", height), ("width", width)):
        if value is not None and not 1 <= value <= _MOST_PX:
            raise InputError(f"{name}={value} is not within 1…{_MOST_PX}")
    return height, width


@runtime_checkable
class FrontEnd(Protocol):
    """How an original front end brought pictures in 0…1 to its size."""

    def __call__(
        self, pictures: Float[Tensor, "n c h w"], size: tuple[int, int]
    ) -> Float[Tensor, "n c _ _"]:
        """Scale the shorter side and crop the middle."""
        ...


def front_end_of(preprocessing: str) -> FrontEnd | None:
    """What an original front end did to its pictures; None for our own way.

    Raises:
        InputError: The name is not known.
    """
    ways: dict[str, FrontEnd | None] = {
        "native": None,
        "cli": as_command_line,
        "gradio": as_web_page,
    }
    if preprocessing not in ways:
        raise InputError(f"preprocessing={preprocessing!r}", hint=f"use one of {', '.join(ways)}")
    return ways[preprocessing]


def as_command_line(
    pictures: Float[Tensor, "n c h w"], size: tuple[int, int]
) -> Float[Tensor, "n c _ _"]:
    """Eight bits, PIL's antialiased bilinear scaling, middle crop; black where a picture is too small."""
    target = before_crop((pictures.shape[-2], pictures.shape[-1]), size)
    scaled = [torch.stack([_resize_as_pil(plane, target) for plane in p]) for p in pictures]
    return crop_middle(torch.stack(scaled), size, border=0.0)


def as_web_page(
    pictures: Float[Tensor, "n c h w"], size: tuple[int, int]
) -> Float[Tensor, "n c _ _"]:
    """Bilinear scaling of floats without antialiasing, middle crop; mid-grey where a picture is too small."""
    target = before_crop((pictures.shape[-2], pictures.shape[-1]), size)
    scaled = F.interpolate(pictures * 2 - 1, size=target, mode="bilinear", align_corners=False)
    return crop_middle((scaled + 1) / 2, size, border=0.5)


def before_crop(source: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a picture that both front ends scaled and have not cropped yet.

    The shorter side gets the shorter length, whichever side of the crop that is; the longer is rounded down.
    """
    (height, width), length = source, min(size)
    if width <= height:
        return int(length * height / width), length
    return length, int(length * width / height)


def crop_middle(
    pictures: Float[Tensor, "n c h w"], size: tuple[int, int], *, border: float
) -> Float[Tensor, "n c _ _"]:
    """The middle of pictures; where they are smaller than the size, a border comes first."""
    missing = [max(0, want - have) for want, have in zip(size, pictures.shape[-2:], strict=True)]
    above, before = missing[0] // 2, missing[1] // 2
    sides = (before, missing[1] - before, above, missing[0] - above)
    padded = F.pad(pictures, sides, value=border)
    top = round((padded.shape[-2] - size[0]) / 2)
    left = round((padded.shape[-1] - size[1]) / 2)
    return padded[:, :, top : top + size[0], left : left + size[1]]


def _resize_as_pil(plane: Tensor, size: tuple[int, int]) -> Tensor:
    eight_bits = (plane * 255).round().clamp(0, 255).to(torch.uint8).numpy()
    image = Image.fromarray(eight_bits).resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(image)).float() / 255


def _resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(pictures.shape[-2:]) == size:
        return pictures
    resized = F.interpolate(
        pictures.float(), size=size, mode="bicubic", antialias=True, align_corners=False
    )
    return resized.clamp(0, 1)
