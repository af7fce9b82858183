"""Drawing with the keys' own pixels: what a new network does, and that strips change nothing."""

import pytest
import torch
import torch.nn.functional as F

from toontween.models.blocks import key_matching
from toontween.models.blocks.key_matching import KeyMatching, draw_with_keys


def drawing(left: int) -> torch.Tensor:
    """A striped box on a soft ground; (1, 3, 64, 96) in −1…1."""
    picture = 0.3 * torch.linspace(-1, 1, 96).expand(1, 3, 64, 96).clone()
    stripes = torch.where(torch.arange(28) % 6 < 3, 0.9, -0.7)
    picture[..., 20:44, left : left + 28] = stripes
    return picture


def softened(pictures: torch.Tensor) -> torch.Tensor:
    small = F.avg_pool2d(pictures, 2)
    return F.interpolate(small, scale_factor=2.0, mode="bicubic").clamp(-1, 1)


def paired(first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    return torch.stack([first, last], dim=2)


FIRST, LAST = drawing(8), drawing(48)
KEYS, SOFT = paired(FIRST, LAST), paired(softened(FIRST), softened(LAST))


def spoilt(seed: int = 0) -> KeyMatching:
    matching = KeyMatching(8)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in matching.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.02)
    return matching


def test_a_new_network_judges_by_costs_alone():
    pictures, hidden = softened(drawing(28)), torch.randn(1, 8, 16, 24)
    drawn = KeyMatching(8)(pictures, hidden, KEYS, SOFT)
    torch.testing.assert_close(drawn, draw_with_keys(pictures, KEYS, SOFT))
    truth = drawing(28)
    assert (drawn - truth).abs().mean() < 0.3 * (pictures - truth).abs().mean()


def test_what_stands_still_in_one_key_is_taken_from_there():
    still = paired(FIRST, torch.full_like(FIRST, 0.5))
    soft = paired(softened(FIRST), torch.full_like(FIRST, 0.5))
    drawn = draw_with_keys(softened(FIRST), still, soft)
    assert (drawn - FIRST).abs().mean() < 0.01


@torch.no_grad()
def test_features_of_the_decoder_count_once_something_is_learned():
    pictures, matching = softened(drawing(28)), spoilt()
    hidden = torch.randn(1, 8, 16, 24, generator=torch.Generator().manual_seed(1))
    with_features = matching(pictures, hidden, KEYS, SOFT)
    assert not torch.equal(with_features, matching(pictures, None, KEYS, SOFT))
    assert not torch.equal(with_features, matching(pictures, -hidden, KEYS, SOFT))


@torch.no_grad()
@pytest.mark.parametrize("rows", [32, 72, 192])
def test_strips_of_large_pictures_change_nothing(monkeypatch, rows):
    matching, seen = spoilt(), torch.rand(2, 31, 210, 42)
    whole = matching.judgement(seen, None)
    monkeypatch.setattr(key_matching, "_MOST_AT_ONCE", 1000)
    monkeypatch.setattr(key_matching, "_STRIP", rows)
    for part, expected in zip(matching.judgement(seen, None), whole, strict=True):
        torch.testing.assert_close(part, expected, atol=1e-6, rtol=0)


@torch.no_grad()
def test_sides_need_not_be_multiples_of_four():
    pictures = softened(drawing(28))[..., :62, :90]
    keys, soft = KEYS[..., :62, :90], SOFT[..., :62, :90]
    assert spoilt()(pictures, None, keys, soft).shape == (1, 3, 62, 90)
