"""Drawing with the keys' own pixels, for small networks: where they are found, and which of them are right.

Most of a drawn frame stands in its keys too, sharp, at the same place or a little away. The decoded frame is a blurred but true
picture of what is wanted; it is matched with the end frames, decoded just as it was, and the pixels come
from the keys themselves. The published decoder gives the keys' fine features to the end frames alone; this is ours.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.matching import difference_at_rest, match_blocks, moved
from toontween.models.blocks.vae_layers import set_to_zero, silu

_FULL, _HALF, _QUARTER = 16, 32, 64
"""Channels of `Judgement` at the pictures' size, and at a half and a quarter of it."""

_CANDIDATES = 6
"""Of either key: pixels from where they are found, from the same place, and the detail alone of those found."""

_SEEN = 3 + 2 * 2 * 7
"""Of a picture and, for the pixels found and at rest of both keys, their differences, their soft ones' and costs."""

_REACH = 80
"""Pixels that `Judgement` looks away from a place, and more."""

_STRIP, _MOST_AT_ONCE = 256, 2**19
"""Rows judged at a time, in pictures of more pixels."""

_TRUST, _DOUBT, _CHOICE = 5.0, 12.0, 50.0
"""Logits when new: of the best candidate at no cost, less by a unit of cost, and of the others by what they cost more."""

_DETAIL = 2.0
"""By how much the logit of detail alone is less when new than that of the pixels it is from."""

_AT_REST = 0.02
"""What pixels of the same place may cost more than found ones before those are preferred."""


class KeyMatching(nn.Module):
    """Copies pixels of both keys to where they are wanted.

    `Judgement` says how much to take of each candidate of `draw_with_keys`, and what to add. When new it trusts the cheapest
    candidate by its cost alone, which already draws better than the decoded frame.

    Args:
        hidden_channels: Of the decoder's last features, one place of which covers a patch of pixels.
    """

    def __init__(self, hidden_channels: int) -> None:
        super().__init__()
        self.judgement = Judgement(hidden_channels)

    def forward(
        self,
        pictures: Float[Tensor, "n 3 y x"],
        hidden: Float[Tensor, "n c h w"] | None,
        keys: Float[Tensor, "b 3 2 y x"],
        soft_keys: Float[Tensor, "b 3 2 y x"],
    ) -> Float[Tensor, "n 3 y x"]:
        """Pictures with pixels of the keys, see `draw_with_keys`; there are no features of pictures that were enlarged."""
        return draw_with_keys(
            pictures, keys, soft_keys, judge=lambda seen: self.judgement(seen, hidden)
        )


def draw_with_keys(
    pictures: Float[Tensor, "n 3 y x"],
    keys: Float[Tensor, "b 3 2 y x"],
    soft_keys: Float[Tensor, "b 3 2 y x"],
    *,
    judge: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None,
) -> Float[Tensor, "n 3 y x"]:
    """Pictures with pixels of the keys; the frames of a sample stand together.

    Candidates for each pixel are the picture itself and, of either key, what was found, what stands at the same place,
    and the picture with the detail of what was found: where colours fade the keys' own are wrong, their lines are not.

    Args:
        pictures: Soft, in about −1…1.
        keys: The first and the last of each sample, sharp.
        soft_keys: The keys as soft as the pictures are.
        judge: Gives logits of the picture and the candidates, and what to add; without it, costs alone decide.
    """
    num_frames = pictures.shape[0] // keys.shape[0]
    candidates, soft, costs, details = [], [], [], []
    for key, end in zip(keys.unbind(2), soft_keys.unbind(2), strict=True):
        sharp_key, soft_key = (x.repeat_interleave(num_frames, 0) for x in (key, end))
        move, cost = match_blocks(pictures, soft_key)
        both = moved(torch.cat([sharp_key, soft_key], dim=1), move)
        candidates += [both[:, :3], sharp_key]
        soft += [both[:, 3:], soft_key]
        details.append(pictures + both[:, :3] - both[:, 3:])
        costs += [cost, difference_at_rest(pictures, soft_key)]
    logits, added = _first_logits(torch.cat(costs, dim=1)), None
    if judge is not None:
        seen = [pictures, *(x - pictures for x in candidates + soft), *costs]
        judged, added = judge(torch.cat(seen, dim=1))
        logits = logits + judged
    shares = logits.softmax(dim=1).split(1, dim=1)
    mixed = pictures * shares[0]
    for candidate, share in zip(candidates + details, shares[1:], strict=True):
        mixed = mixed + candidate * share
    return mixed if added is None else mixed + added


class Judgement(nn.Module):
    """How much of each candidate to take: a small network of three scales, 0 when new.

    Works on pictures that were enlarged, too: what is to be told apart is the same there.
    """

    def __init__(self, hidden_channels: int) -> None:
        super().__init__()
        self.fine = nn.Conv2d(_SEEN, _FULL, 3, padding=1)
        self.enter = nn.Conv2d(4 * _SEEN, _HALF, 3, padding=1)
        self.half_down = _residuals(_HALF, 2)
        self.down = nn.Conv2d(4 * _HALF, _QUARTER, 1)
        self.features = nn.Conv2d(hidden_channels, _QUARTER, 1)
        self.quarter = _residuals(_QUARTER, 6)
        self.up = nn.Conv2d(_QUARTER, 4 * _HALF, 1)
        self.half_up = _residuals(_HALF, 2)
        self.leave = nn.Conv2d(_HALF, 4 * _FULL, 1)
        self.refine = _Residual(_FULL)
        self.decide = nn.Conv2d(_FULL, 1 + _CANDIDATES + 3, 3, padding=1)
        set_to_zero(self.decide)

    def forward(
        self, seen: Float[Tensor, "n s y x"], hidden: Float[Tensor, "n c h w"] | None
    ) -> tuple[Float[Tensor, "n 7 y x"], Float[Tensor, "n 3 y x"]]:
        """Logits of the picture and the candidates, and what to add to the mixture; strips of large pictures in turn."""
        height = seen.shape[2]
        if hidden is not None or torch.is_grad_enabled() or seen.shape[2:].numel() <= _MOST_AT_ONCE:
            return self._judge(seen, hidden)
        strips = []
        for top in range(0, height, _STRIP):
            start = max(0, top - _REACH)
            drawn = self._judge(seen[:, :, start : top + _STRIP + _REACH], None)
            strips.append([part[:, :, top - start :][:, :, :_STRIP] for part in drawn])
        logits, added = (torch.cat(parts, dim=2) for parts in zip(*strips, strict=True))
        return logits, added

    def _judge(self, seen: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
        height, width = seen.shape[2:]
        seen = F.pad(seen, (0, -width % 4, 0, -height % 4), mode="replicate")
        half = self.half_down(self.enter(F.pixel_unshuffle(seen, 2)))
        quarter = self.down(F.pixel_unshuffle(half, 2))
        if hidden is not None:
            known = self.features(hidden)
            if known.shape[2:] != quarter.shape[2:]:
                known = F.interpolate(known, quarter.shape[2:], mode="bilinear")
            quarter = quarter + known
        quarter = self.quarter(quarter)
        half = self.half_up(half + F.pixel_shuffle(self.up(quarter), 2))
        full = self.refine(self.fine(seen) + F.pixel_shuffle(self.leave(half), 2))
        decided = self.decide(silu(full))[..., :height, :width]
        return decided[:, : 1 + _CANDIDATES], decided[:, 1 + _CANDIDATES :]


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        return frames + self.second(silu(self.first(F.silu(frames))))


def _residuals(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_Residual(channels) for _ in range(count)))


def _first_logits(costs: Float[Tensor, "n 4 y x"]) -> Float[Tensor, "n 7 y x"]:
    """Of the decoded picture and of the candidates, by their costs alone."""
    at_rest = costs.new_tensor([0.0, _AT_REST] * 2).view(1, -1, 1, 1)
    costs = costs + at_rest
    least = costs.amin(1, keepdim=True)
    copied = _TRUST - _DOUBT * least - _CHOICE * (costs - least)
    return torch.cat([torch.zeros_like(least), copied, copied[:, ::2] - _DETAIL], dim=1)
