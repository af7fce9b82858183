"""Hold: the nearest key stands still until the next one takes over. The floor every method must beat."""

from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.checks import check_options, check_request


class HoldInterpolator(Interpolator):
    """Shows the first key up to and including half-way, then the last."""

    name = "hold"
    capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=True)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Copies of the nearest key, bit for bit.

        Raises:
            InputError: The request has options, a prompt or sketches.
        """
        check_request(self, request)
        check_options(self.name, request.options, known=())
        drawings = []
        for done, time in enumerate(request.times, start=1):
            drawings.append((request.first if time <= 0.5 else request.last).copy())
            if request.progress is not None:
                request.progress(done, len(request.times))
        return InbetweenResult(drawings=drawings)
