"""How alike pictures look to a small trained network: distances between feature maps of SqueezeNet v1.0.

The weights are those of "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" (arXiv 1602.07360) in their
deep-compressed release, expanded to float32 in an .npz under the names of the Caffe layers. They are not part of the
package. This is not LPIPS: no learned weighting, and another release of the network than LPIPS uses.
"""

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from toontween.errors import CheckpointError, ShapeError, UnavailableError
from toontween.metrics.frame import check_alike

SQUEEZENET_SHA256 = "418400d6fd511095e4c789d6cf60c594ea32bce5f01761abd1ef25a99a536c6a"
"""Hash of the expanded deep-compressed SqueezeNet v1.0 with which published numbers of this distance were made."""

SMALLEST_SIDE_PX = 21
"""Below this a pooling layer has nothing left to pool."""

NUM_POOLED = 1280
"""Numbers a picture in `pooled_features`: 256 of fire4, 512 each of fire8 and fire9."""

BGR_MEAN = (104.0, 117.0, 123.0)
"""Subtracted by the network's training, levels in 0…255."""


class Fire(nn.Module):
    """A 1×1 squeeze followed by 1×1 and 3×3 expansions side by side."""

    def __init__(self, in_channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.conv1x1_1 = nn.Conv2d(in_channels, squeezed, 1)
        self.conv1x1_2 = nn.Conv2d(squeezed, expanded, 1)
        self.conv3x3_2 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h w"]:
        """Twice `expanded` channels of the same size."""
        x = F.relu(self.conv1x1_1(x))
        return F.relu(torch.cat([self.conv1x1_2(x), self.conv3x3_2(x)], dim=1))


class SqueezeNetFeatures(nn.Module):
    """The feature maps of SqueezeNet v1.0 after conv1, fire4, fire8 and fire9."""

    bgr_mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2)
        self.fire2 = Fire(96, 16, 64)
        self.fire3 = Fire(128, 16, 64)
        self.fire4 = Fire(128, 32, 128)
        self.fire5 = Fire(256, 32, 128)
        self.fire6 = Fire(256, 48, 192)
        self.fire7 = Fire(384, 48, 192)
        self.fire8 = Fire(384, 64, 256)
        self.fire9 = Fire(512, 64, 256)
        self.register_buffer("bgr_mean", torch.tensor(BGR_MEAN).view(3, 1, 1), persistent=False)

    def forward(self, pictures: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        """Four maps, finest first.

        Args:
            pictures: RGB in 0…1, at least 21 pixels a side.

        Raises:
            ShapeError: The pictures are too small.
        """
        if min(pictures.shape[2:]) < SMALLEST_SIDE_PX:
            size = tuple(pictures.shape[2:])
            raise ShapeError(f"SqueezeNet needs {SMALLEST_SIDE_PX} pixels a side, not {size}")
        conv1 = F.relu(self.conv1(pictures.flip(1) * 255 - self.bgr_mean))
        fire4 = self.fire4(self.fire3(self.fire2(_pool(conv1))))
        fire8 = self.fire8(self.fire7(self.fire6(self.fire5(_pool(fire4)))))
        fire9 = self.fire9(_pool(fire8))
        return [conv1, fire4, fire8, fire9]


def load_squeezenet(path: Path, *, sha256: str | None = SQUEEZENET_SHA256) -> SqueezeNetFeatures:
    """Read the network's weights from an .npz with entries such as `fire2.conv1x1_1.weight` (out, in, h, w).

    Args:
        path: The .npz file.
        sha256: What the file's hash must be; None accepts other weights of the same layout, whose distances
            cannot be compared with published ones.

    Raises:
        UnavailableError: There is no such file.
        CheckpointError: The file is not the one asked for, unreadable, or lacks a tensor.
    """
    if not path.is_file():
        hint = "pass the expanded float32 .npz of the deep-compressed SqueezeNet v1.0"
        raise UnavailableError(f"there are no SqueezeNet weights at {path}", hint=hint)
    if sha256 is not None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            hint = f"the file with sha256 {sha256[:12]}… is needed"
            raise CheckpointError(f"{path.name} has sha256 {found[:12]}…", hint=hint)
    network = SqueezeNetFeatures()
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict(_read_tensors(path, wanted))
    return network.eval().requires_grad_(requires_grad=False)


def squeezenet_distance(ours: list[Tensor], truth: list[Tensor]) -> Float[Tensor, " n"]:
    """Distance of each pair of pictures in the network's feature maps; 0 for equal pictures.

    Protocol: each pixel's feature vector is divided by (its norm + 1e-10); squared differences are summed over
    channels, averaged over pixels and summed over the four maps. Report the mean over in-betweens, then over clips.

    Args:
        ours: What `SqueezeNetFeatures` gives for our pictures.
        truth: The same for the true pictures.

    Raises:
        ShapeError: The maps differ in shape.
    """
    total = ours[0].new_zeros(len(ours[0]))
    for x, y in zip(ours, truth, strict=True):
        check_alike(x, y)
        total = total + (_unit(x) - _unit(y)).square().sum(dim=1).mean(dim=(1, 2))
    return total


def pooled_features(maps: list[Tensor]) -> Float[Tensor, "n d"]:
    """Spatial means of all maps but the first: `NUM_POOLED` numbers a picture, for the Fréchet distance.

    Args:
        maps: What `SqueezeNetFeatures` gives.
    """
    return torch.cat([x.mean(dim=(2, 3)) for x in maps[1:]], dim=1)


def _pool(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, stride=2, ceil_mode=True)


def _unit(x: Tensor) -> Tensor:
    # a norm, not a root of squares: its gradient is 0 where all features are
    return x / (torch.linalg.vector_norm(x, dim=1, keepdim=True) + 1e-10)


def _read_tensors(path: Path, wanted: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The wanted tensors of an .npz, each checked for its shape; nothing is unpickled."""
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path.name} is not a readable .npz of numbers")
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in wanted if name not in archive.files]
            if missing:
                raise CheckpointError(f"{path.name} lacks {missing[0]!r} of SqueezeNet v1.0")
            arrays = {name: archive[name] for name in wanted}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(f"{path.name} is not a readable .npz of numbers") from error
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise CheckpointError(f"{name!r} in {path.name} is {arrays[name].shape}, not {shape}")
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}
