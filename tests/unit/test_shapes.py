"""Size rules."""

from hypothesis import given
from hypothesis import strategies as st

from toontween import shapes


def test_the_published_model_wants_multiples_of_64():
    assert shapes.pixel_multiple(4) == 64


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), levels=st.integers(1, 5))
def test_padding_reaches_the_next_multiple_and_keeps_the_middle(width, height, levels):
    multiple = shapes.pixel_multiple(levels)
    padding = shapes.centred_padding(width, height, multiple)
    for size, before, after in (
        (width, padding.left, padding.right),
        (height, padding.top, padding.bottom),
    ):
        assert (size + before + after) % multiple == 0
        assert 0 <= before + after < multiple
        assert after - before in (0, 1)
