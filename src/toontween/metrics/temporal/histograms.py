"""How a set of clips moves, whatever it shows: histograms of the directions in which points go.

The histograms and their distance are those of the Fréchet video motion distance (Liu et al., arXiv 2407.16124). FVMD itself
follows points with a trained tracker; here they are followed along DIS flow, so values must not be compared with FVMD's.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import check_frames
from toontween.metrics.temporal.flow import fetch, flow_to_next

POINTS_A_SIDE = 20
"""Points are followed from a grid of 20×20."""

CELL_POINTS, CELL_FRAMES = 5, 4
"""A histogram is of 5×5 points and four frames."""

NUM_ANGLES = 8

STILL_PX = 0.25
"""Shorter motion counts as none: DIS finds this much where nothing moves, and any motion weighs an eighth at least."""

RIDGE = 1e-5
"""Added to the covariances' diagonals where their product is rooted, as FVMD does for sets smaller than their vectors."""


def num_features(num_frames: int) -> int:
    """Length of `motion_features` of a clip.

    Args:
        num_frames: Of the clip, a multiple of 4.

    Raises:
        InputError: It is no multiple of 4.
    """
    if num_frames < CELL_FRAMES or num_frames % CELL_FRAMES:
        raise InputError(f"{num_frames} frames", hint=f"give a multiple of {CELL_FRAMES}")
    cells = (num_frames // CELL_FRAMES) * (POINTS_A_SIDE // CELL_POINTS) ** 2
    return 2 * cells * NUM_ANGLES


def motion_histogram(vectors: Float[Tensor, "t p 2"]) -> Float64[Tensor, " d"]:
    """Directions of motion in each cell of time and space, one after the other.

    Each vector counts ⌈log2(1 + its length)⌉ / 8 in one of eight sectors of its angle atan2(right, down).

    Args:
        vectors: Of a square grid of points, row by row, (right, down); frames in multiples of 4, points of 5 a side.

    Raises:
        ShapeError: Frames or points do not fill cells.
    """
    num_frames, num_points = vectors.shape[:2]
    side = round(num_points**0.5)
    if num_frames % CELL_FRAMES or side**2 != num_points or side % CELL_POINTS:
        raise ShapeError(
            f"{num_frames} frames of {num_points} points do not fill cells",
            hint=f"give frames in multiples of {CELL_FRAMES}, points of {CELL_POINTS} a side",
        )
    values = vectors.double().cpu().numpy()
    weights = np.ceil(np.log2(1 + np.hypot(values[..., 0], values[..., 1]))) / 8
    turns = (np.arctan2(values[..., 0], values[..., 1]) + np.pi) / (2 * np.pi)
    sectors = np.floor(turns * NUM_ANGLES).astype(int) % NUM_ANGLES
    shape = (-1, CELL_FRAMES, side // CELL_POINTS, CELL_POINTS, side // CELL_POINTS, CELL_POINTS)
    weights, sectors = weights.reshape(shape), sectors.reshape(shape)
    counts = [np.where(sectors == k, weights, 0).sum(axis=(1, 3, 5)) for k in range(NUM_ANGLES)]
    return torch.from_numpy(np.stack(counts, axis=-1).ravel())


def motion_features(frames: Float[Tensor, "t c h w"]) -> Float64[Tensor, " d"]:
    """Histograms of the velocities and accelerations of a grid of points: 1,024 numbers for 16 frames.

    The first velocity and acceleration are zero, as in FVMD, so that there is one a frame.

    Args:
        frames: Frames in 0…1; their number is a multiple of 4.

    Raises:
        ShapeError: It is no clip.
        InputError: Its length is no multiple of 4, or a frame holds a number that is not finite or out of range.
    """
    check_frames(frames, "the clip")
    num_features(len(frames))
    velocities = track_points(frames).diff(dim=0)
    velocities = torch.where(velocities.norm(dim=-1, keepdim=True) < STILL_PX, 0, velocities)
    none = torch.zeros_like(velocities[:1])
    velocities = torch.cat([none, velocities])
    accelerations = torch.cat([none, velocities.diff(dim=0)])
    return torch.cat([motion_histogram(velocities), motion_histogram(accelerations)])


def track_points(
    frames: Float[Tensor, "t c h w"], *, per_side: int = POINTS_A_SIDE
) -> Float64[Tensor, "t p 2"]:
    """Where points of a regular grid go, in pixels (right, down), along the DIS flow of each step.

    Args:
        frames: Frames in 0…1, two or more.
        per_side: Points along each side of the picture.
    """
    height, width = frames.shape[2:]
    middles = (torch.arange(per_side, dtype=torch.float64) + 0.5) / per_side
    y, x = torch.meshgrid(middles * height - 0.5, middles * width - 0.5, indexing="ij")
    places = [torch.stack([x, y], dim=-1).view(-1, 2).to(frames.device)]
    for flow in flow_to_next(frames).double():
        places.append(places[-1] + fetch(flow[None], places[-1][None, None])[0, :, 0].T)
    return torch.stack(places)


def motion_histogram_distance(ours: Float[Tensor, "n d"], truth: Float[Tensor, "m _"]) -> float:
    """Squared Fréchet distance of Gaussians fitted to the features of two sets of clips.

    Protocol: covariance 1/(n − 1), float64; `RIDGE` is added to both covariances in the cross term alone, so that equal
    sets of d numbers are at −2·d·`RIDGE`.

    Args:
        ours: `motion_features` of each clip.
        truth: The same of the true clips.

    Raises:
        ShapeError: The features differ in length, as those of clips of different length do.
        InputError: A set has fewer than two clips.
    """
    if ours.shape[1] != truth.shape[1]:
        raise ShapeError(f"features of {ours.shape[1]} and {truth.shape[1]} numbers")
    if min(len(ours), len(truth)) < 2:
        raise InputError(f"{min(len(ours), len(truth))} clips have no covariance", hint="give two")
    our_spread, true_spread = (
        (x.double() - x.double().mean(dim=0)) / (len(x) - 1) ** 0.5 for x in (ours, truth)
    )
    ridge = RIDGE**0.5 * torch.eye(ours.shape[1], dtype=torch.float64, device=ours.device)
    product = torch.cat([our_spread, ridge]) @ torch.cat([true_spread, ridge]).T
    shift = (ours.double().mean(dim=0) - truth.double().mean(dim=0)).square().sum()
    spread = our_spread.square().sum() + true_spread.square().sum()
    return float(shift + spread - 2 * torch.linalg.svdvals(product).sum())
