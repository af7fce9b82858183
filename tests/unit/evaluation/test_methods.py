"""Rows of a table: names, labels, options, and what they are known by."""

from typing import Any

import pytest

from tests.unit.evaluation.own_methods import OddInterpolator, RetrainedInterpolator, register
from toontween.errors import InputError, UnavailableError, UnknownNameError
from toontween.evaluation.methods import (
    TRUTH,
    MethodSpec,
    capabilities_of,
    identity_of,
    parse_methods,
)


def test_names_become_rows_with_their_settings():
    rows = parse_methods(
        ["flow", "hold"], settings={"flow": {"sharpness": 40.0}}, device="cpu", seed=3
    )
    assert rows == [
        MethodSpec(method="flow", options=(("sharpness", 40.0),), device="cpu", seed=3),
        MethodSpec(method="hold", device="cpu", seed=3),
    ]
    assert [row.label for row in rows] == ["flow", "hold"]


def test_settings_stand_in_the_order_of_their_names():
    [one] = parse_methods(["flow"], settings={"flow": {"b": 1, "a": 2}})
    assert one.options == (("a", 2), ("b", 1))


def test_an_unknown_method_is_named_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"no method called 'crosfade' .*'crossfade'"):
        parse_methods(["crosfade"], settings={})


def test_a_method_given_twice_is_refused_with_the_way_out():
    with pytest.raises(InputError, match=r"'flow' is given twice .*bench\.toml under a label"):
        parse_methods(["flow", "hold", "flow"], settings={})


def test_settings_of_a_method_that_is_not_compared_are_refused():
    with pytest.raises(InputError, match="settings for 'phase'"):
        parse_methods(["flow"], settings={"phase": {"levels": 3}})


@pytest.mark.parametrize("label", ["flow 40", "a", "ré-3.1", "A, b + c", "x" * 61])
def test_labels_are_words(label):
    assert MethodSpec(method="flow", label=label).label == label


@pytest.mark.parametrize("label", ["a/b", "..", ".flow", " flow", "a\nb", "<b>", "x" * 62, "a|b"])
def test_labels_that_are_no_file_names_are_refused(label):
    with pytest.raises(InputError, match="cannot be the label"):
        MethodSpec(method="flow", label=label)


def test_only_the_truth_is_labelled_truth():
    assert MethodSpec(method=TRUTH).label == TRUTH
    with pytest.raises(InputError, match="'flow' cannot be labelled 'truth'"):
        MethodSpec(method="flow", label=TRUTH)


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, object()])
def test_settings_are_texts_and_numbers(value):
    with pytest.raises(InputError, match="of 'flow' is neither text nor a number"):
        MethodSpec(method="flow", options=(("sharpness", value),))


def row(**changes: Any) -> MethodSpec:
    return MethodSpec(method="odd", **changes)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"options": (("fault", "size"),)},
        {"options": (("weights", "abc"),)},
        {"sketched": (2,)},
    ],
    ids=["seed", "setting", "weights", "sketched"],
)
def test_whatever_decides_the_drawings_changes_the_identity(monkeypatch, other):
    register(monkeypatch, odd=OddInterpolator)
    assert identity_of(row(**other)) != identity_of(row())


def test_weights_count_even_when_the_settings_are_equal(monkeypatch):
    register(monkeypatch, odd=OddInterpolator)
    before = identity_of(row())
    register(monkeypatch, odd=RetrainedInterpolator)
    assert identity_of(row()) != before


def test_a_label_and_a_device_do_not_change_the_identity(monkeypatch):
    register(monkeypatch, odd=OddInterpolator)
    assert identity_of(row(label="strange", device="cpu")) == identity_of(row())


def test_methods_have_identities_of_their_own():
    names = ("hold", "crossfade", "flow", TRUTH)
    assert len({identity_of(MethodSpec(method=name)) for name in names}) == len(names)


def test_the_truth_has_no_capabilities():
    assert capabilities_of(MethodSpec(method=TRUTH)) is None


def test_a_method_without_its_weights_is_unavailable(tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(UnavailableError) as raised:
        capabilities_of(MethodSpec(method="rife", options=(("weights", "rife-4.25"),)))
    assert "weights pull" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("depth", 3), "'flow' has no option 'depth'"),
        (("sharpness", -1.0), "sharpness -1.0 is not"),
    ],
)
def test_settings_that_a_method_refuses_are_refused_before_it_draws(option, told):
    with pytest.raises(InputError, match=told):
        identity_of(MethodSpec(method="flow", options=(option,)))
