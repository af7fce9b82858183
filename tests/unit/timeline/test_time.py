"""Frame rates stay exact."""

from fractions import Fraction

import pytest

from toontween.errors import InputError
from toontween.timeline.time import parse_fps


@pytest.mark.parametrize(
    ("text", "fps"),
    [
        ("24", Fraction(24)),
        (" 25 ", Fraction(25)),
        ("12.5", Fraction(25, 2)),
        ("24.0", Fraction(24)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("23.9", Fraction(239, 10)),
        ("1", Fraction(1)),
        ("240", Fraction(240)),
    ],
)
def test_a_frame_rate_is_read_exactly(text, fps):
    assert parse_fps(text) == fps


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "-24",
        "24fps",
        "0",
        "0.5",
        "241",
        "24/0",
        "1e9",
        "nan",
        "inf",
        "24,0",
        "1/0000",
        "9" * 5000,
    ],
)
def test_what_is_no_frame_rate_is_refused(text):
    with pytest.raises(InputError, match="fps"):
        parse_fps(text)
