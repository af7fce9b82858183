"""Names → classes, imported late."""

import sys

import pytest

from toontween.errors import UnknownNameError
from toontween.registry import Registry

NAMES = Registry("method", {"fraction": "fractions:Fraction", "flow": "no.such.module:Flow"})


def test_a_name_loads_its_class():
    assert NAMES.load("fraction")(1, 2) * 2 == 1


def test_nothing_is_imported_before_it_is_asked_for():
    assert "no.such.module" not in sys.modules
    assert list(NAMES) == ["fraction", "flow"]


def test_a_near_miss_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'flow'") as caught:
        NAMES.load("flwo")
    assert "there is no method called 'flwo'" in caught.value.message


def test_a_far_miss_is_answered_with_all_names():
    with pytest.raises(UnknownNameError, match="known: fraction, flow"):
        NAMES.load("zzz")
