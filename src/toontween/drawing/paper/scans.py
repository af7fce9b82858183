"""Pencil on real paper: uneven light, grain and smudges taken out, soft strokes brought to strength."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from toontween.drawing.paper.sizes import reduced

_SHEET_PX = 256
"""Longest side at which the paper's brightness is estimated."""

_STROKES_PX = 512
"""Longest side at which smudges are told from strokes."""

_DETAIL_PX = 1024
"""Longest side up to which every pixel matters; in larger scans grain is averaged over more of them."""


_LIFT = 0.5
"""Soft strokes gain on strong ones, by the root of what they lack: a network does not know half lines."""

_LOW, _HIGH = 2.5, 6.0
"""Times the grain: what may belong to a stroke, and what must be in one."""

_SMUDGE = 0.12
"""Darkness up to which something broad may be a smudge on any sheet."""

_SOFTEST = 0.15
"""Part of full strength below which strokes gain no more."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Sheet:
    """A photographed or scanned sheet with its light evened out."""

    darkness: Float32[np.ndarray, "h w"]
    """How much darker than the paper, in the strongest channel; 0 is the paper, negative its grain."""

    grain: float
    """Standard deviation of the paper itself where the light is average."""

    dimness: Float32[np.ndarray, "h2 w2"]
    """How many times darker than average each part of the sheet is lit, small: grain is coarser by as much there."""

    even: float
    """Part of the picture that is paper, to within its grain."""

    unsteady: float
    """How far the paper's brightness is from any smooth light (standard deviation of its logarithm)."""

    tinted: float
    """The same for its colour: paper has one, however it is lit."""

    darkest: float
    """The darkest paper as a part of the brightest."""

    @property
    def is_paper(self) -> bool:
        """Whether it is a drawn-on sheet at all.

        Measured: 21 scans, smooth to coarse, lit unevenly or with a shadow across, had even ≥ 0.70, grain ≤ 0.052,
        unsteady ≤ 0.090, darkest ≥ 0.52 and tinted ≤ 0.016. Of 15 photographs 10 were beyond a bound; 3 of the others,
        things strewn on an even ground, are told by `Pencil.blotched`. A brick wall and the moon are not told.
        """
        plain = self.even >= 0.55 and self.grain < 0.08
        lit = self.unsteady < 0.11 and self.darkest >= 0.25
        return plain and lit and self.tinted < 0.035


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Pencil:
    """The strokes on a sheet."""

    ink: UInt8[np.ndarray, "h w"]
    darkness: float
    """How much darker than the paper the typical stroke was before it got full strength."""

    blotched: float
    """Part of the inked area that is blots, about as wide as long."""


def evened(pixels: UInt8[np.ndarray, "h w 3"]) -> Sheet:
    """Divide by the paper's smooth brightness."""
    paper = _paper(pixels)
    unsteady, tinted = _unevenness(paper)
    height, width = pixels.shape[:2]
    darkness = np.full((height, width), -1, np.float32)
    for channel in range(3):
        light = cv2.resize(paper[..., channel], (width, height), interpolation=cv2.INTER_LINEAR)
        plane = pixels[..., channel].astype(np.float32)
        np.maximum(darkness, 1 - plane / np.maximum(light, 1), out=darkness)
    darkness = cv2.GaussianBlur(darkness, (0, 0), 0.6 * _detail(darkness))
    darkness -= _mode(darkness)
    grain = _grain(darkness)
    brightness = paper.max(axis=2) + 8
    darkest, brightest = np.percentile(brightness, (2, 98))
    return Sheet(
        darkness=darkness,
        grain=grain,
        dimness=np.median(brightness) / brightness,
        even=float(np.mean(np.abs(darkness) < 4 * grain)),
        unsteady=unsteady,
        tinted=tinted,
        darkest=float(darkest / brightest),
    )


def pencil(sheet: Sheet) -> Pencil:
    """The strokes on the sheet: grain, smudges and specks gone, the typical stroke at full strength."""
    darkness = sheet.darkness - _smudges(sheet.darkness)
    darkness -= _mode(darkness)
    grain = _grain(darkness)
    mask = _strokes(darkness, grain=grain * _enlarged(sheet.dimness.clip(1, 4), darkness.shape))
    mask &= ~_rim_of_scanner(darkness)
    if not mask.any():
        return Pencil(ink=np.zeros(darkness.shape, np.uint8), darkness=0.0, blotched=0.0)
    reach = round(_detail(darkness))
    soft = cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    darkness[soft == 0] = 0
    floor = max(_LOW * grain, 0.03)
    full = max(float(np.percentile(darkness[mask], 75)), 2 * floor)
    reach = 2 * round(2 * _detail(darkness)) + 1
    peak = cv2.dilate(darkness, np.ones((reach, reach), np.uint8))
    gain = np.clip(peak / full, _SOFTEST, 1) ** -_LIFT
    ink = (darkness - floor / 2) / (full - floor / 2) * gain
    return Pencil(
        ink=np.rint(ink.clip(0, 1) * 255).astype(np.uint8),
        darkness=full,
        blotched=_blotched(mask),
    )


def _strokes(
    darkness: Float32[np.ndarray, "h w"], *, grain: Float32[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """What is darker than the grain, hangs together with what surely is, and has some length or is very dark."""
    may_be = (darkness > _LOW * grain) & (darkness > 0.03)
    num, marked, stats, _ = cv2.connectedComponentsWithStats(
        may_be.astype(np.uint8), connectivity=8
    )
    labels = np.asarray(marked, np.int32)
    sure = may_be & (darkness > _HIGH * grain) & (darkness > 0.08)
    very_dark = sure & (darkness > 2 * _HIGH * grain) & (darkness > 0.16)
    short = min(darkness.shape)
    longest = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (longest >= short / 40) | (np.bincount(labels[very_dark], minlength=num) > 0)
    keep &= np.bincount(labels[sure], minlength=num) > 0
    keep &= stats[:, cv2.CC_STAT_AREA] > max(4, (short / 150) ** 2)
    keep[0] = False
    return keep[labels]


def _paper(pixels: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h2 w2 3"]:
    """The sheet without what is drawn on it, small: closed over strokes, then smoothed."""
    small = reduced(pixels, _SHEET_PX)
    small = cv2.medianBlur(small, 3)
    side = max(3, round(max(small.shape) / 9)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(closed.astype(np.float32), (0, 0), side / 4)


def _unevenness(paper: Float32[np.ndarray, "h w 3"]) -> tuple[float, float]:
    """What a smooth light, quadratic over the sheet, does not explain: of the brightness, of the colour."""
    small = cv2.resize(paper, (48, 32), interpolation=cv2.INTER_AREA)
    logarithm = np.log(small.reshape(-1, 3) + 8)
    y, x = (axis.ravel() for axis in np.mgrid[-1:1:32j, -1:1:48j])
    light = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    brightness = logarithm.mean(axis=1)
    factors, *_ = np.linalg.lstsq(light, brightness, rcond=None)
    colour = logarithm - brightness[:, None]
    return float(np.std(brightness - light @ factors)), float(colour.std(axis=0).max())


def _smudges(darkness: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Darkness that is broad and weak; what is broad and strong is a solid and stays."""
    small = cv2.GaussianBlur(reduced(darkness, _STROKES_PX), (0, 0), 1.0)
    side = max(3, min(small.shape) // 24) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    broad = cv2.morphologyEx(small, cv2.MORPH_OPEN, kernel, borderType=cv2.BORDER_REPLICATE)
    strong = max(_SMUDGE, 0.35 * float(np.percentile(small, 99)))
    broad = cv2.GaussianBlur(np.where(broad < strong, broad, 0), (0, 0), side / 6)
    return _enlarged(broad, darkness.shape)


def _grain(darkness: Float32[np.ndarray, "h w"]) -> float:
    """From what is lighter than the paper: strokes are not."""
    seen = _sample(darkness)
    lighter = seen[seen < 0]
    return max(1.4826 * float(np.median(-lighter)) if lighter.size else 0.0, 1 / 255)


def _mode(darkness: Float32[np.ndarray, "h w"]) -> float:
    """The commonest value: the paper itself."""
    counts, edges = np.histogram(_sample(darkness), bins=512, range=(-0.5, 0.5))
    smooth = np.convolve(counts, np.ones(5) / 5, mode="same")
    at = int(smooth.argmax())
    return float((edges[at] + edges[at + 1]) / 2)


def _sample(darkness: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "y x"]:
    """A million pixels or two are enough for statistics."""
    step = max(1, int((darkness.size / 1_000_000) ** 0.5))
    return darkness[::step, ::step]


def _rim_of_scanner(darkness: Float32[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Bars along at least half of a side and touching the edge: the scanner's lid, not strokes that run off."""
    dark = (reduced(darkness, _STROKES_PX) > 0.3).astype(np.uint8)
    found = np.zeros(dark.shape, np.uint8)
    for bar in ((1, max(2, dark.shape[1] // 2)), (max(2, dark.shape[0] // 2), 1)):
        long = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(bar, np.uint8))
        num, marked = cv2.connectedComponents(long, connectivity=8)
        labels = np.asarray(marked, np.int32)
        touching = np.zeros(num, bool)
        for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            touching[edge] = True
        touching[0] = False
        found |= touching[labels].astype(np.uint8)
    reach = cv2.dilate(found, np.ones((5, 5), np.uint8)).astype(np.float32)
    return _enlarged(reach, darkness.shape) > 0


def _blotched(mask: Bool[np.ndarray, "h w"]) -> float:
    """Strokes leave most of the box around them empty, or it is long, or they cover the sheet; blots fill theirs."""
    small = reduced(mask.astype(np.uint8) * 255, _STROKES_PX) > 127
    _, _, stats, _ = cv2.connectedComponentsWithStats(small.astype(np.uint8))
    area = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    width, height = (stats[1:, side] for side in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
    is_full = area > 0.45 * width * height
    is_long = np.maximum(width, height) > 2 * np.minimum(width, height)
    is_large = np.maximum(width, height) > 0.35 * max(small.shape)
    return float(area[is_full & ~is_long & ~is_large].sum() / max(area.sum(), 1))


def _enlarged(small: Float32[np.ndarray, "h w"], shape: tuple[int, ...]) -> np.ndarray:
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def _detail(darkness: np.ndarray) -> float:
    return max(1.0, max(darkness.shape) / _DETAIL_PX)
