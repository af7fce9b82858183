from dataclasses import dataclass

import numpy as np
import pytest

from toontween.errors import InputError, UnavailableError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.catalog import build
from toontween.interpolators.checks import (
    check_number,
    check_request,
    check_whole_number,
    override,
)


class OpaqueOnly(Interpolator):
    name = "opaque-only"
    capabilities = Capabilities(timing=Timing.ANY_TIME)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        check_request(self, request)
        return InbetweenResult(drawings=[request.first.copy() for _ in request.times])


@dataclass(frozen=True, kw_only=True, slots=True)
class Brush:
    width: float = 2.0


def test_transparency_is_refused_where_it_is_not_declared():
    key = np.zeros((2, 2, 4), np.float32)
    with pytest.raises(InputError, match="transparency"):
        OpaqueOnly().inbetween(InbetweenRequest(first=key, last=key, times=(0.5,)))


def test_options_replace_settings():
    assert override(Brush(), {"width": 3.0}, method="ink") == Brush(width=3.0)


def test_an_option_that_is_no_setting_is_refused_with_the_settings():
    with pytest.raises(InputError, match=r"'ink' has no option 'colour'.*width"):
        override(Brush(), {"colour": "red"}, method="ink")


@pytest.mark.parametrize("value", ["2", None, True, float("nan"), float("inf"), -1, 3.5])
def test_what_is_not_a_number_in_range_is_refused(value):
    with pytest.raises(InputError, match="width"):
        check_number("width", value, at_least=0.0, at_most=3.0)


@pytest.mark.parametrize("value", ["2", None, True, 2.0, -1, 4])
def test_what_is_not_a_whole_number_in_range_is_refused(value):
    with pytest.raises(InputError, match="count"):
        check_whole_number("count", value, at_least=0, at_most=3)


@pytest.mark.parametrize("method", ["flow", "phase"])
def test_pictures_that_do_not_fit_into_memory_are_refused_before_any_work(method, monkeypatch):
    monkeypatch.setattr("toontween.interpolators.checks.free_memory_bytes", lambda: 10_000)
    key = np.zeros((8, 9, 3), np.float32)
    request = InbetweenRequest(first=key, last=key, times=(0.5,))
    with pytest.raises(
        UnavailableError, match=f"'{method}' needs about .* of 9×8; 0.0 GB are free"
    ):
        build(method).inbetween(request)
