"""Methods that do what those of the catalogue never do, and one that remembers what it was asked."""

import numpy as np
import pytest

from toontween.evaluation import methods
from toontween.evaluation.methods import MethodSpec
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.catalog import METHODS


class OddInterpolator(Interpolator):
    """Draws the first key, wrongly.

    Args:
        fault: What is wrong with the last drawing.
        weights: Goes into the details, as the hash of weights does.
    """

    name = "odd"
    capabilities = Capabilities(timing=Timing.ANY_TIME)

    def __init__(self, *, fault: str = "", weights: str = "") -> None:
        self.fault, self.weights = fault, weights

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Copies of the first key, the last of them with the fault."""
        details = {"weights_sha256": self.weights}
        drawings = [request.first.copy() for _ in request.times]
        if not drawings:
            return InbetweenResult(drawings=[], details=details)
        if self.fault == "count":
            drawings = drawings[1:]
        if self.fault == "size":
            drawings[-1] = drawings[-1][:, 1:]
        if self.fault == "alpha":
            drawings[-1] = np.concatenate([drawings[-1], drawings[-1][..., :1]], axis=2)
        if self.fault == "number":
            drawings[-1][0, 0, 0] = np.nan
        if self.fault == "range":
            drawings[-1][0, 0] = (-0.5, 1.5, 0.5)
        return InbetweenResult(drawings=drawings, details=details)


class RetrainedInterpolator(OddInterpolator):
    """The same with other weights, of which no option tells."""

    def __init__(self) -> None:
        super().__init__(weights="trained for longer")


class AttentiveInterpolator(Interpolator):
    """Keeps every request; reads prompts, sketches and the seed, and draws its own keys."""

    name = "attentive"
    capabilities = Capabilities(timing=Timing.ANY_TIME, text=True, sketches=True, seeded=True)

    requests: list[InbetweenRequest] = []  # noqa: RUF012  of the class: instances are made out of sight

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """The mean of both keys; keys of its own that are a little darker."""
        if request.times:
            self.requests.append(request)
        mean = (request.first + request.last) / 2
        ends = (request.first * 0.9, request.last * 0.9)
        return InbetweenResult(drawings=[mean.copy() for _ in request.times], ends=ends)


def register(monkeypatch: pytest.MonkeyPatch, **targets: type) -> None:
    """Put methods of one's own among those of the catalogue, for one test; none is kept from before."""
    methods._built.cache_clear()
    for name, target in targets.items():
        place = f"{target.__module__}:{target.__name__}"
        monkeypatch.setitem(METHODS._entries, name, place)


def odd(fault: str) -> MethodSpec:
    """The row of an odd method."""
    return MethodSpec(method="odd", options=(("fault", fault),))
