"""Strokes drawn anew along their centre lines, at another width."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32
from skimage.morphology import skeletonize

_THINNED_PX = 8.0
"""Strokes are thinned where they are about this wide: narrower ones lose their course, wider ones only cost time."""

_SOLID = 4.0
"""How many times wider than the typical stroke something is that is no stroke but a solid."""

_EIGHT = np.ones((3, 3), np.uint8)


def redrawn(
    ink: Float32[np.ndarray, "h w"],
    *,
    size: tuple[int, int],
    stroke_px: float,
    width_px: float,
) -> Float32[np.ndarray, "h2 w2"]:
    """The strokes at another size and width, on the same centre lines and as strong as they were.

    Solids much wider than the strokes become outlines: what is black inside would drown the lines beside it.

    Args:
        ink: Lines.
        size: Height and width of the result, pixels.
        stroke_px: Typical width of the strokes in `ink`.
        width_px: Their width in the result.
    """
    scale = size[0] / ink.shape[0]
    enlarged = min(3.0, max(1.5, _THINNED_PX / (stroke_px * scale)))
    work = round(size[0] * enlarged), round(size[1] * enlarged)
    ink = resized(ink, work)
    stroke_px *= scale * enlarged
    reach = 2 * round(stroke_px / 2) + 1
    strong = cv2.dilate(ink, np.ones((reach, reach), np.uint8))
    # without pinholes and ragged edges, around and along which thinning would lead the line
    smooth = cv2.GaussianBlur(ink, (0, 0), max(0.3, stroke_px / 8))
    mask = smooth > 0.5 * np.maximum(strong, 0.15)
    centre = _centre_lines(mask, stroke_px=stroke_px, inset_px=width_px * enlarged / 2)
    if not centre.any():  # no strokes at all: something with no middle and no rim in sight
        return resized(ink, size)
    return resized(_drawn(centre, strong, width_px=width_px * enlarged), size)


def thickened(ink: Float32[np.ndarray, "h w"], by_px: float) -> Float32[np.ndarray, "h w"]:
    """Strokes wider by `by_px`, half of it on each side."""
    radius = by_px / 2
    whole = int(radius)
    less = cv2.dilate(ink, _disc(whole)) if whole else ink
    more = cv2.dilate(ink, _disc(whole + 1))
    return less + np.float32(radius - whole) * (more - less)


def resized(ink: Float32[np.ndarray, "h w"], size: tuple[int, int]) -> Float32[np.ndarray, "h2 w2"]:
    """Area averages when shrinking, cubic when growing; the same array when the size fits."""
    if ink.shape == size:
        return ink
    shrinks = size[0] <= ink.shape[0] and size[1] <= ink.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled = cv2.resize(ink, (size[1], size[0]), interpolation=method)
    return scaled.clip(0, 1)


def _centre_lines(
    mask: Bool[np.ndarray, "h w"], *, stroke_px: float, inset_px: float
) -> Bool[np.ndarray, "h w"]:
    """One pixel wide: the middle of strokes, the rim of solids."""
    depth = _depth(mask)
    core = depth > _SOLID / 2 * stroke_px
    centre = np.zeros_like(mask)
    if core.any():
        # a stroke further than the core is from the rim, so that the corners of solids are no strokes
        solid = mask & (_depth(~core) <= (_SOLID / 2 + 1) * stroke_px)
        inner = _depth(solid)
        centre = (inner > inset_px) & (inner <= inset_px + 1)
        mask = mask & ~solid
    return centre | _without_spurs(skeletonize(mask), depth)


def _without_spurs(
    skeleton: Bool[np.ndarray, "h w"], depth: Float32[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Drop twigs that are no longer than the stroke they grow on is wide."""
    neighbours = cv2.filter2D(skeleton.astype(np.uint8), -1, _EIGHT, borderType=cv2.BORDER_CONSTANT)
    joints = skeleton & (neighbours > 3)
    near_joint = cv2.dilate(joints.astype(np.uint8), _EIGHT) > 0
    branches = (skeleton & ~near_joint).astype(np.uint8)
    num, marked, stats, _ = cv2.connectedComponentsWithStats(branches, connectivity=8)
    labels = np.asarray(marked, np.int32)
    length = stats[:, cv2.CC_STAT_AREA]
    touches = np.zeros(num, bool)
    touches[np.unique(labels[cv2.dilate(near_joint.astype(np.uint8), _EIGHT) > 0])] = True
    ends = np.zeros(num, bool)
    ends[np.unique(labels[skeleton & (neighbours == 2)])] = True
    widest = np.zeros(num, np.float32)
    np.maximum.at(widest, labels[branches > 0], depth[branches > 0])
    drop = touches & ends & (length < 1.1 * widest)
    drop[0] = False
    return skeleton & ~drop[labels]


def _drawn(
    centre: Bool[np.ndarray, "h w"], strength: Float32[np.ndarray, "h w"], *, width_px: float
) -> Float32[np.ndarray, "h w"]:
    """A round pen led along the centre lines, as strong as the ink there."""
    away, nearest = cv2.distanceTransformWithLabels(
        (~centre).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # labels count the zeros (the centre lines) row by row from 1
    of_label = np.concatenate([np.zeros(1, np.float32), strength[centre]])
    return (
        np.clip(width_px / 2 + 0.5 - away, 0, 1).astype(np.float32)
        * of_label[np.asarray(nearest, np.int32)]
    )


def _depth(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """How far each pixel of the mask is from the nearest one outside; the picture's edge is no outside."""
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)


def _disc(radius_px: float | int) -> np.ndarray:
    side = 2 * max(1, round(radius_px)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
