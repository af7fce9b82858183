"""Crossfade: one key dissolves into the other. Nothing moves; the baseline of speed."""

from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.checks import check_options, check_request
from toontween.interpolators.classical.premultiplied import to_layer, to_picture


class CrossfadeInterpolator(Interpolator):
    """Blends the two keys linearly in display-referred sRGB, premultiplied where they are transparent."""

    name = "crossfade"
    capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=True)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """(1 − t) of the first key and t of the last.

        Raises:
            InputError: The request has options, a prompt or sketches.
        """
        check_request(self, request)
        check_options(self.name, request.options, known=())
        first, last = to_layer(request.first), to_layer(request.last)
        drawings = []
        for done, time in enumerate(request.times, start=1):
            drawings.append(to_picture(first.lerp(last, time)))
            if request.progress is not None:
                request.progress(done, len(request.times))
        return InbetweenResult(drawings=drawings)
