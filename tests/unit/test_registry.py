"""Names → classes, imported late."""

import sys

import pytest

from toontween.errors import InputError, UnknownNameError
from toontween.registry import Registry, load_foreign

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


def test_code_of_others_is_named_by_module_or_file(tmp_path):
    assert load_foreign("fractions:Fraction")(1, 2) * 2 == 1
    (tmp_path / "mine.py").write_text("answer = 42", "utf-8")
    assert load_foreign(f"{tmp_path / 'mine.py'}:answer") == 42


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("fractions", "is not MODULE:NAME"),
        ("no.such.module:x", "No module named"),
        ("no/such/file.py:x", "No such file"),
        ("fractions:Nothing", "fractions has no 'Nothing'"),
    ],
)
def test_what_is_not_there_is_named(target, told):
    with pytest.raises(InputError, match=told):
        load_foreign(target)
