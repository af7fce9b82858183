"""Drawings at the keys' size: sharp where the keys have what is drawn, and never worse than softly enlarged elsewhere."""

import pytest
import torch
import torch.nn.functional as F

from toontween.errors import ShapeError
from toontween.models.blocks.enlarging import enlarge_with_keys


def figure(left: int, *, height: int = 96, width: int = 160) -> torch.Tensor:
    """A striped box with a dark outline on light paper, `left` pixels from the left; (3, h, w) in −1…1."""
    picture = torch.full((3, height, width), 0.8)
    picture[:, 24:72, left : left + 48] = -1.0
    inside = torch.tensor([0.6, -0.2, -0.5]).view(3, 1, 1)
    stripes = torch.where(torch.arange(44) % 8 < 4, 0.3, -0.1)
    picture[:, 26:70, left + 2 : left + 46] = inside + stripes
    return picture.clamp(-1, 1)


def small(pictures: torch.Tensor) -> torch.Tensor:
    return F.interpolate(pictures, scale_factor=0.5, mode="area")


def soft(pictures: torch.Tensor) -> torch.Tensor:
    return F.interpolate(small(pictures), scale_factor=2.0, mode="bicubic").clamp(-1, 1)


KEYS = torch.stack([figure(30), figure(70)])


def test_what_is_in_a_key_comes_back_as_sharp_as_there():
    truth = figure(50)[None]
    drawn = enlarge_with_keys(small(truth), KEYS)
    assert drawn.shape == truth.shape
    error, before = (drawn - truth).abs().mean(), (soft(truth) - truth).abs().mean()
    assert error < 0.25 * before


def test_a_drawing_of_a_key_is_that_key():
    drawn = enlarge_with_keys(small(KEYS), KEYS)
    assert (drawn - KEYS).abs().mean() < 0.01


def test_what_no_key_has_stays_as_it_was_enlarged():
    paper = torch.full((2, 3, 96, 160), 0.8)
    truth = figure(50)[None]
    drawn = enlarge_with_keys(small(truth), paper)
    inside = drawn[:, :, 30:66, 56:92]
    assert (inside - soft(truth)[:, :, 30:66, 56:92]).abs().mean() < 0.05


def test_drawings_do_not_depend_on_each_other():
    drawings = small(torch.stack([figure(40), figure(60)]))
    together = enlarge_with_keys(drawings, KEYS)
    assert torch.equal(together[1:], enlarge_with_keys(drawings[1:], KEYS))


@pytest.mark.parametrize("size", [(96, 160), (97, 161), (150, 250)])
def test_any_larger_size_will_do(size):
    keys = F.interpolate(KEYS, size, mode="bilinear").clamp(-1, 1)
    assert enlarge_with_keys(small(figure(50)[None]), keys).shape == (1, 3, *size)


def test_keys_that_are_smaller_or_no_pair_are_refused():
    with pytest.raises(ShapeError, match="are smaller"):
        enlarge_with_keys(KEYS, small(KEYS))
    with pytest.raises(ShapeError, match="3 keys"):
        enlarge_with_keys(small(KEYS), KEYS[[0, 0, 1]])
