"""The error tree: what callers may rely on."""

import inspect

import pytest

from toontween import errors

CLASSES = [value for _, value in inspect.getmembers(errors, inspect.isclass)]
EXCEPTIONS = [value for value in CLASSES if not issubclass(value, Warning)]


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda e: e.__name__)
def test_every_error_is_ours_and_stands_in_the_tree(exception):
    assert issubclass(exception, errors.ToonTweenError)
    assert exception.__name__ in (errors.__doc__ or "")


def test_bad_input_exits_with_two_and_the_rest_with_one():
    assert errors.MediaError.exit_code == 2
    assert errors.CheckpointError.exit_code == 1


def test_an_input_error_is_a_value_error():
    with pytest.raises(ValueError, match="too wide"):
        raise errors.ShapeError("too wide")


def test_the_hint_is_part_of_the_text_but_not_of_the_message():
    error = errors.InputError("count is -1", hint="use 0 or more")
    assert str(error) == "count is -1 (use 0 or more)"
    assert error.message == "count is -1"
