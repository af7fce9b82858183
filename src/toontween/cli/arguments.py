"""What several commands read from their arguments in the same way."""

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
