"""From clips to the logits of I3D by a named protocol, a few clips at a time."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError, ShapeError, UnknownNameError
from toontween.metrics.clips import check_frames
from toontween.metrics.video.i3d import I3D, check_length
from toontween.metrics.video.resize import Resize, resize_frames

Shape = tuple[int, int, int]
"""Frames, height and width of a clip."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoProtocol:
    """Everything in which published codes for FVD and KVD differ, but for the network's weights and eps.

    All show the network RGB in −1…1 and compare its logits, 400 numbers a clip.
    """

    name: str
    """What it is called."""

    resize: Resize
    """How frames become 224×224 pixels."""

    correction: int
    """1 for the covariance 1/(n − 1), 0 for 1/n."""

    dtype: str
    """What means and covariances are computed in, `float32` or `float64`."""

    eight_bit: bool = False
    """Whether frames are rounded to eight bits first, because the published code takes nothing else."""

    @property
    def covariance(self) -> str:
        """The covariance as reports print it."""
        return "1/(n-1)" if self.correction else "1/n"


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        VideoProtocol(name="lvdm", resize=Resize.STRETCH, correction=1, dtype="float32"),
        VideoProtocol(
            name="stylegan-v", resize=Resize.STRETCH, correction=0, dtype="float64", eight_bit=True
        ),
        VideoProtocol(name="tf-hub", resize=Resize.TF1_STRETCH, correction=1, dtype="float64"),
        VideoProtocol(name="cd-fvd", resize=Resize.STRETCH, correction=0, dtype="float64"),
        VideoProtocol(
            name="videogpt", resize=Resize.CROP, correction=1, dtype="float32", eight_bit=True
        ),
        VideoProtocol(name="common-metrics", resize=Resize.CROP, correction=1, dtype="float64"),
    )
}
"""By name. `lvdm` is the code that ToonCrafter's authors published with an earlier paper (also TATS's); `tf-hub` is the
original of Unterthiner et al. (arXiv 1812.01717); `common-metrics` is the widespread tool's "styleganv" method. How the
program that StyleGAN-V ships resizes cannot be seen from outside; it is taken to stretch, with half-pixel centres."""


def video_protocol(name: str) -> VideoProtocol:
    """A protocol by name.

    Raises:
        UnknownNameError: There is no such protocol.
    """
    if name not in PROTOCOLS:
        raise UnknownNameError(f"there is no protocol {name!r}", hint=f"use {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


class I3DFeatures:
    """Logits of clips, `batch_size` clips in memory at a time.

    Args:
        network: I3D with its weights, on the device to compute on.
        protocol: How frames are shown to it, or its name.
        batch_size: Clips in one pass of the network.

    Raises:
        UnknownNameError: There is no such protocol.
        InputError: The batch size is not positive.
    """

    def __init__(
        self, network: I3D, protocol: VideoProtocol | str = "lvdm", *, batch_size: int = 1
    ) -> None:
        if batch_size < 1:
            raise InputError(f"batch_size={batch_size} is not positive")
        self.network = network.eval()
        self.protocol = video_protocol(protocol) if isinstance(protocol, str) else protocol
        self.batch_size = batch_size

    @property
    def num_features(self) -> int:
        """Numbers a clip."""
        return len(self.network.logits.conv3d.weight)

    def extract(
        self,
        clips: Iterable[Float[Tensor, "t c h w"]],
        *,
        named: str = "the set",
        start: int = 0,
        shape: Shape | None = None,
    ) -> tuple[Float[Tensor, "n d"], Shape | None]:
        """Logits of every clip, on the CPU, and the shape that all of them have.

        Clips are taken from the iterable only when they are needed, so a generator that reads files holds no more than
        `batch_size` of them in memory.

        Args:
            clips: RGB in 0…1, nine frames or more, all of one shape.
            named: What the set is called in messages.
            start: The number of the first clip in messages.
            shape: What the clips' shape has to be; the first clip's when None.

        Raises:
            ShapeError: A clip is too short, of another shape, or not RGB.
            InputError: A clip has values that are not finite or outside 0…1, or the network gave such.
        """
        features: list[Tensor] = []
        numbered = enumerate(clips, start=start)
        for batch in _batches(numbered, self.batch_size):
            for number, clip in batch:
                shape = _check_clip(clip, f"clip {number} of {named}", shape)
            features.append(self._logits(torch.stack([clip for _, clip in batch])))
        if not features:
            return torch.zeros(0, self.num_features), shape
        return torch.cat(features), shape

    @torch.inference_mode()
    def _logits(self, clips: Float[Tensor, "n t 3 h w"]) -> Float[Tensor, "n d"]:
        frames = clips.flatten(0, 1).to(self.network.logits.conv3d.weight)
        if self.protocol.eight_bit:
            frames = (frames * 255).round() / 255
        pixels = resize_frames(frames, self.protocol.resize) * 2 - 1
        logits = self.network(pixels.unflatten(0, clips.shape[:2]).transpose(1, 2))
        if not torch.isfinite(logits).all():
            raise InputError("I3D gave logits that are not finite", hint="check its weights")
        return logits.float().cpu()


def _batches(
    numbered: Iterator[tuple[int, Tensor]], size: int
) -> Iterator[list[tuple[int, Tensor]]]:
    """So many at a time; the last one may have fewer."""
    while batch := list(itertools.islice(numbered, size)):
        yield batch


def _check_clip(clip: Tensor, named: str, shape: Shape | None) -> Shape:
    """Refuse a clip that cannot be measured with the others; give back the shape they have."""
    check_frames(clip, named)
    frames, channels, height, width = clip.shape
    if channels != 3:
        raise ShapeError(f"{named} has {channels} channels; I3D sees RGB")
    check_length(frames, named=named)
    if shape is not None and shape != (frames, height, width):
        raise ShapeError(
            f"{named} has {frames} frames of {width}×{height} pixels, "
            f"clips before it {shape[0]} of {shape[2]}×{shape[1]}",
            hint="cut and resize all clips alike first",
        )
    return frames, height, width
