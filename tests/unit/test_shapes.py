"""Size rules."""

import pytest
from hypothesis import assume, given
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


@pytest.mark.parametrize(
    ("size", "other"),
    [((1080, 1920), (240, 427)), ((32, 48), (64, 96)), ((21, 37), (568, 1000)), ((7, 7), (7, 7))],
    ids=str,
)
def test_sizes_that_differ_by_scale_and_rounding_have_one_aspect(size, other):
    assert shapes.aspects_agree(size, other)
    assert shapes.aspects_agree(other, size)


@pytest.mark.parametrize(
    ("size", "other"), [((1080, 1920), (1000, 1920)), ((32, 48), (48, 32)), ((32, 48), (64, 98))]
)
def test_sizes_of_other_shapes_have_not(size, other):
    assert not shapes.aspects_agree(size, other)
    assert not shapes.aspects_agree(other, size)


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), wide=st.integers(1, 5000))
def test_a_rounded_thumbnail_keeps_the_aspect(width, height, wide):
    high = round(wide * height / width)
    assume(high > 0)
    assert shapes.aspects_agree((height, width), (high, wide))
