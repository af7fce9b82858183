"""Colour profiles (ICC) → sRGB.

8-bit pictures go through Little CMS. It has no 16-bit path in Pillow, so 16-bit pictures are converted
here, for the profiles that are a tone curve per channel and a matrix (ICC.1:2022 §8.3): sRGB, Display P3,
Adobe RGB, ProPhoto and every grey profile are. A profile that *is* sRGB leaves the pixels untouched.
"""

import io
import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from toontween.errors import MediaError

logger = logging.getLogger(__name__)

_SRGB_TO_XYZ_D50 = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_ROWS_AT_A_TIME = 256
_Curve = Callable[[np.ndarray], np.ndarray]
_SPACES = {b"RGB ": ("RGB",), b"GRAY": ("L",), b"CMYK": ("CMYK",)}


@dataclass(frozen=True)
class CurveProfile:
    """A profile made of tone curves, and for colour a matrix to XYZ under D50."""

    curves: tuple[_Curve, ...]
    """Device value 0…1 → linear light 0…1: three for RGB, one for grey."""

    to_xyz: np.ndarray | None
    """3×3, columns are the primaries; None for grey."""

    def to_srgb(self, device: np.ndarray) -> np.ndarray:
        """Device values (…, 1 or 3) in 0…1 → sRGB (…, 3) in 0…1; colours out of reach are clipped."""
        linear = np.stack([f(device[..., i]) for i, f in enumerate(self.curves)], axis=-1)
        if self.to_xyz is not None:
            linear = linear @ (np.linalg.inv(_SRGB_TO_XYZ_D50) @ self.to_xyz).T
        return np.broadcast_to(_encode_srgb(linear.clip(0, 1)), (*linear.shape[:-1], 3))

    def is_srgb(self) -> bool:
        """Whether converting would move no colour by more than one level of 255."""
        levels = np.linspace(0, 1, 18)
        if self.to_xyz is None:
            grid = levels[:, None]
        else:
            grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
        return bool(np.abs(self.to_srgb(grid) - grid).max() <= 1 / 255)


def read_curve_profile(icc: bytes) -> CurveProfile | None:
    """The curves and the matrix of a profile; None if it needs tables or is damaged."""
    try:
        tags = _tags(icc)
        if any(tag in tags for tag in (b"A2B0", b"A2B1")) or icc[20:24] != b"XYZ ":
            return None
        if icc[16:20] == b"GRAY":
            return CurveProfile((_curve(tags[b"kTRC"]),), None)
        if icc[16:20] == b"RGB ":
            curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
            columns = [_fixed(tags[name], 8, 3) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
            return CurveProfile(curves, np.array(columns).T)
    except (KeyError, struct.error, ValueError):
        return None
    return None


def convert_8bit(image: Image.Image, icc: bytes, name: str) -> Image.Image:
    """A Pillow picture (L, RGB or CMYK) → RGB in sRGB.

    A damaged profile, or one for another kind of picture, is logged and ignored, as browsers do.

    Args:
        image: The picture, without alpha.
        icc: The profile's bytes.
        name: The file, for the log.
    """
    curves = read_curve_profile(icc)
    if image.mode not in _SPACES.get(icc[16:20], ()):
        if icc[16:20] != b"RGB " or image.mode == "CMYK":
            logger.warning("%s: the colour profile does not fit a %s picture", name, image.mode)
            return image.convert("RGB")
        image = image.convert("RGB")
    if curves is not None and curves.is_srgb():
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        logger.warning("%s: the colour profile cannot be used (%s)", name, error)
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")


def convert_16bit(colours: np.ndarray, icc: bytes, name: str) -> np.ndarray:
    """uint16 (h, w, 1 or 3) → uint16 (h, w, 3) in sRGB.

    Raises:
        MediaError: The profile works by tables, which would need an 8-bit detour.
    """
    profile = read_curve_profile(icc)
    if profile is None:
        raise MediaError(
            f"{name} has 16 bits and a colour profile made of tables, which cannot be converted",
            hint="convert the picture to sRGB in a paint program first",
        )
    grey = np.ascontiguousarray(colours[..., :1])
    if len(profile.curves) == 1 and (colours != grey).any():
        logger.warning("%s: the colour profile is for grey, the picture is not", name)
        return colours
    if profile.is_srgb():
        return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours
    device = grey if len(profile.curves) == 1 else np.broadcast_to(colours, (*colours.shape[:2], 3))
    result = np.empty((*colours.shape[:2], 3), np.uint16)
    for top in range(0, len(device), _ROWS_AT_A_TIME):
        rows = slice(top, top + _ROWS_AT_A_TIME)
        result[rows] = np.rint(profile.to_srgb(device[rows] / 65535.0) * 65535)
    return result


def _encode_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light → sRGB's gamma (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", icc, 128)
    if count > 1000:
        raise ValueError("too many tags")
    entries = [struct.unpack_from(">4sII", icc, 132 + 12 * i) for i in range(count)]
    return {name: icc[offset : offset + size] for name, offset, size in entries}


def _fixed(data: bytes, offset: int, count: int) -> list[float]:
    """Numbers of type s15Fixed16."""
    return [value / 65536 for value in struct.unpack_from(f">{count}i", data, offset)]


def _curve(data: bytes) -> _Curve:
    """A `curv` or `para` element as a function (ICC.1:2022 §10.6 and §10.18)."""
    if data[:4] == b"para":
        return _parametric(data)
    (count,) = struct.unpack_from(">I", data, 8)
    if data[:4] != b"curv":
        raise ValueError("not a curve")
    if count == 0:
        return lambda x: x
    if count == 1:
        gamma = struct.unpack_from(">H", data, 12)[0] / 256
        return lambda x: x**gamma
    table = np.frombuffer(data, ">u2", count, 12) / 65535.0
    knots = np.linspace(0, 1, count)
    return lambda x: np.interp(x, knots, table)


def _parametric(data: bytes) -> _Curve:
    (kind,) = struct.unpack_from(">H", data, 8)
    if kind > 4:
        raise ValueError("unknown parametric curve")
    given = _fixed(data, 12, (1, 3, 4, 5, 7)[kind])
    g, a, b, c, d, e, f = (*given, *[0.0] * (7 - len(given)))
    if kind == 0:
        return lambda x: x**g
    if kind in (1, 2):  # Y = (aX + b)^g + c from −b/a on, else c
        return lambda x: np.where(x >= -b / a, (a * x + b).clip(0) ** g, 0.0) + c
    return lambda x: np.where(x >= d, (a * x + b).clip(0) ** g + e, c * x + f)
