"""What all networks that draw between a pair of pictures have in common: padding, cropping, clamping, provenance."""

from abc import abstractmethod
from typing import Any, Literal, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError
from toontween.interpolators.base import (
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Picture,
    Timing,
)
from toontween.interpolators.checks import check_memory, check_options, check_request
from toontween.interpolators.learned.weights import load_network, require_weights
from toontween.runtime import pick_device

NetworkT = TypeVar("NetworkT", bound=ModelMixin)


class PairInterpolator(Interpolator):
    """Draws with networks that are given two pictures and a time.

    Subclasses say how to prepare a pair, once, and how to draw at one time. Weights are loaded at once, so that what is
    missing is said before any work.

    Args:
        device: `auto`, `cpu`, `cuda`, `cuda:1`.

    Raises:
        UnavailableError: There is no such device.
        InputError: It is not the name of a device.
    """

    bytes_per_pixel: int = 0
    """Peak memory for each pixel of the padded pictures, for the check before any work."""

    multiple: int = 1
    """Both sides are padded to a multiple of this."""

    padding: Literal["zeros", "replicate"] = "replicate"
    """What the padding is filled with."""

    placed: Literal["centre", "end"] = "end"
    """Whether the padding is on both sides (the smaller half first) or to the right and below."""

    def __init__(self, *, device: str = "auto") -> None:
        self.device = pick_device(device)
        self._details: dict[str, Any] = {"device": self.device.type}

    def load(
        self, network_class: type[NetworkT], weights: str, *, named: str = "", **sizes: Any
    ) -> NetworkT:
        """A network on the device; where it comes from goes into the details of every result.

        Args:
            network_class: Its class.
            weights: A name of published weights, a folder, or "random" for an untrained network.
            named: What the network is called in the details when there are several.
            sizes: Constructor arguments of an untrained network.

        Raises:
            UnavailableError, UnknownNameError, CheckpointError: As for `learned.weights.load_network`.
        """
        network, details = load_network(network_class, weights, device=self.device, **sizes)
        untrained = details.pop("untrained", False)
        if untrained:
            self._details["untrained"] = True
        self._details |= {f"{named}_{key}" if named else key: v for key, v in details.items()}
        return network

    def look_for(self, *networks: tuple[type[ModelMixin], str]) -> None:
        """Make sure that all of several networks are here, before any of them is loaded.

        Args:
            networks: Class and weights of each.

        Raises:
            UnavailableError: Some are not; the message names all of them, the hint the ways to get them.
        """
        require_weights(networks)

    @abstractmethod
    def prepare(self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]) -> Any:
        """What is the same for all times: features, flow. Pictures are in 0…1, padded, on the device."""

    @abstractmethod
    def draw(self, prepared: Any, time: float) -> Float[Tensor, "1 3 h w"]:
        """The drawing at a time strictly between 0 and 1, of the padded size; values outside 0…1 are clipped."""

    @torch.inference_mode()
    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Draw the pictures at the request's times.

        Raises:
            InputError: The keys are transparent, or the request has options, a prompt or sketches; or a method that
                draws half-way only is asked for another time.
            UnavailableError: The pictures would not fit into memory.
        """
        check_request(self, request)
        check_options(self.name, request.options, known=())
        if self.capabilities.timing is Timing.MIDPOINT and any(t != 0.5 for t in request.times):
            raise InputError(
                f"method {self.name!r} draws half-way only, not at {request.times}",
                hint="toontween.interpolators.timing.draw_at_times reaches other times by halves of halves",
            )
        if self.device.type == "cpu":
            check_memory(self.name, request, bytes_per_pixel=self.bytes_per_pixel)
        details = dict(self._details)
        if not request.times:
            return InbetweenResult(drawings=[], details=details)
        height, width, _ = request.first.shape
        margins = self._margins(height, width)
        prepared = self.prepare(
            self._to_tensor(request.first, margins), self._to_tensor(request.last, margins)
        )
        left, _, top, _ = margins
        drawings: list[Picture] = []
        for done, time in enumerate(request.times, start=1):
            drawn = self.draw(prepared, time)[0, :, top : top + height, left : left + width]
            pixels = drawn.float().clamp(0, 1).permute(1, 2, 0).cpu().numpy()
            drawings.append(np.ascontiguousarray(pixels))
            if request.progress is not None:
                request.progress(done, len(request.times))
        return InbetweenResult(drawings=drawings, details=details)

    def _margins(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Padding to the left, right, top and bottom, pixels."""
        missing_x, missing_y = -width % self.multiple, -height % self.multiple
        left, top = (missing_x // 2, missing_y // 2) if self.placed == "centre" else (0, 0)
        return left, missing_x - left, top, missing_y - top

    def _to_tensor(self, picture: Picture, margins: tuple[int, int, int, int]) -> Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
        pixels = pixels.to(self.device, torch.float32)
        mode = "replicate" if self.padding == "replicate" else "constant"
        return F.pad(pixels, margins, mode=mode)
