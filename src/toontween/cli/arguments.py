"""What several commands read from their arguments in the same way."""

import math
from collections.abc import Sequence

from toontween.errors import InputError


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of `WxH`, in pixels.

    Raises:
        InputError: It is something else.
    """
    width, times, height = text.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()) or len(text) > 11:
        raise InputError(f"--size {text!r} is not WIDTHxHEIGHT", hint="for example 256x160")
    return int(width), int(height)


def parse_pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE`, each as name → value.

    Raises:
        InputError: One is something else, or a name comes twice.
    """
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (equals and name and value):
            raise InputError(f"{option} {text!r} is not NAME=VALUE")
        if name in pairs:
            raise InputError(f"{option} {name} is given twice")
        pairs[name] = value
    return pairs


def parse_numbers(option: str, given: Sequence[str]) -> dict[str, float]:
    """`NAME=NUMBER`, each as name → number.

    Raises:
        InputError: One is something else, or a name comes twice.
    """
    numbers: dict[str, float] = {}
    for name, value in parse_pairs(option, given).items():
        try:
            numbers[name] = float(value)
        except ValueError as error:
            raise InputError(f"{option} {name}={value!r} is not a number") from error
        if not math.isfinite(numbers[name]):
            raise InputError(f"{option} {name}={value} is not a limit")
    return numbers
