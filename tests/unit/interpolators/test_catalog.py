import numpy as np
import pytest

from toontween.errors import InputError, UnknownNameError
from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import METHODS, build

WEIGHT_FREE = ("hold", "crossfade", "flow", "phase")


@pytest.mark.parametrize("name", WEIGHT_FREE)
def test_a_method_builds_the_interpolator_of_its_name(name):
    assert build(name).name == name


def test_the_catalogue_lists_methods_without_importing_them():
    assert {*WEIGHT_FREE, "toon", "film", "rife", "animeinterp", "eisai", "seine"} <= set(METHODS)
    assert all(":" in target for target in METHODS.values())


def test_a_misspelt_method_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="crossfade"):
        build("crosfade")


def test_an_unknown_option_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"'speed'.*sharpness"):
        build("flow", speed=2)
    with pytest.raises(InputError, match=r"'speed'.*none"):
        build("hold", speed=2)


def test_options_of_the_request_go_before_those_of_the_method():
    key = np.full((4, 4, 3), 0.5, np.float32)
    request = InbetweenRequest(
        first=key, last=key, times=(0.5,), options={"shift_limit": 0.25, "num_orientations": 4}
    )
    result = build("phase", num_orientations=6).inbetween(request)
    assert result.details["settings"] == {"num_orientations": 4, "shift_limit": 0.25}
