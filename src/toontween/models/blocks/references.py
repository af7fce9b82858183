"""How a clip being decoded takes detail from its two keys (ToonCrafter, section 3.3 "hybrid-attention-residual learning").

The published decoder has `ReferenceAttention` at its coarse levels and `ReferenceInjection` at its fine ones. `KeyMatching` is
ours, for small networks.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.matching import match_blocks, moved
from toontween.models.blocks.vae_layers import NORM_EPSILON, set_to_zero, silu

_SCORES_AT_ONCE = 2**30

_HIDDEN, _WIDTH = 4, 16
"""Channels of `KeyMatching` at full size: from the decoder's features, and within."""

_TRUST, _DOUBT, _CHOICE = 5.0, 12.0, 50.0
"""What a new `KeyMatching` does: logits of the copy's share at no cost, less by a unit of cost, and of the dearer key's."""


class ReferenceInjection(nn.Module):
    """A 1×1 convolution of both keys' features, added to the first and to the last frame; 0 when new."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        set_to_zero(self.conv)

    def forward(
        self,
        frames: Float[Tensor, "n c h w"],
        reference: Float[Tensor, "b c k h w"],
        num_frames: int,
    ) -> Float[Tensor, "n c h w"]:
        """The frames with changed ends; `frames` itself is changed unless gradients are recorded."""
        added = self.conv(rearrange(reference, "b c k h w -> (b k) c h w"))
        first, last = rearrange(added, "(b k) c h w -> k b c h w", k=2)
        if torch.is_grad_enabled():
            frames = frames.clone()
        clip = frames.unflatten(0, (-1, num_frames))
        clip[:, 0] += first
        clip[:, -1] += last
        return frames


class ReferenceAttention(nn.Module):
    """Cross-attention from every place of every frame to all places of both keys; 0 when new.

    The paper's G_out = softmax(Q·Kᵀ/√d)·V + G_in. Keys and values come from the raw encoder features, are projected
    once and shared by all frames of the sample: the frames are folded into the query axis.
    """

    def __init__(self, channels: int, *, heads: int, head_dim: int, groups: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels, eps=NORM_EPSILON)
        self.to_q = nn.Linear(channels, heads * head_dim, bias=False)
        self.to_k = nn.Linear(channels, heads * head_dim, bias=False)
        self.to_v = nn.Linear(channels, heads * head_dim, bias=False)
        self.to_out = nn.Linear(heads * head_dim, channels)
        set_to_zero(self.to_out)

    def forward(
        self,
        frames: Float[Tensor, "n c h w"],
        reference: Float[Tensor, "b c k h w"],
        num_frames: int,
    ) -> Float[Tensor, "n c h w"]:
        """The frames plus what they found in the references."""
        source = rearrange(reference, "b c k h w -> b (k h w) c")
        tokens = rearrange(self.norm(frames), "(b t) c h w -> b (t h w) c", t=num_frames)
        query, key, value = (
            rearrange(projected, "b n (heads d) -> b heads n d", heads=self.heads)
            for projected in (self.to_q(tokens), self.to_k(source), self.to_v(source))
        )
        # A kernel that is not fused holds one score for each query, key and head; this bounds them.
        step = max(1, _SCORES_AT_ONCE // (key.shape[0] * self.heads * key.shape[2]))
        found = torch.cat(
            [F.scaled_dot_product_attention(part, key, value) for part in query.split(step, 2)], 2
        )
        added = self.to_out(rearrange(found, "b heads n d -> b n (heads d)"))
        height = frames.shape[-2]
        return frames + rearrange(added, "b (t h w) c -> (b t) c h w", t=num_frames, h=height)


class KeyMatching(nn.Module):
    """Draws with the keys' own pixels: finds each place of a decoded frame in both keys and copies what is there.

    Most of a drawn frame stands in its keys too, sharp, at the same place or a little away. The decoded frame is a blurred but
    true picture of what is wanted; it is matched with the end frames, decoded just as it was, and the pixels come
    from the keys themselves. A small network at full size then says how much of the copy to take, of which key, and what to
    add. When new it trusts the better match by its cost alone, which already draws better than the decoded frame.

    The published decoder gives the keys' fine features to the end frames alone; this is ours.

    Args:
        hidden_channels: Of the decoder's last features.
        patch_size: Pixels along a side of what one place of those features covers.
    """

    def __init__(self, hidden_channels: int, *, patch_size: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.narrow = nn.Conv2d(hidden_channels, _HIDDEN * patch_size**2, 1)
        self.compare = nn.Conv2d(_HIDDEN + 14, _WIDTH, 3, padding=1)
        self.refine = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.decide = nn.Conv2d(_WIDTH, 5, 1)
        set_to_zero(self.decide)

    def forward(
        self,
        pictures: Float[Tensor, "n 3 y x"],
        hidden: Float[Tensor, "n c h w"],
        keys: Float[Tensor, "b 3 2 y x"],
        decoded_ends: Float[Tensor, "b 3 2 y x"],
    ) -> Float[Tensor, "n 3 y x"]:
        """Pictures with pixels of the keys; the frames of a sample stand together."""
        num_frames = pictures.shape[0] // keys.shape[0]
        found, costs = [], []
        for key, end in zip(keys.unbind(2), decoded_ends.unbind(2), strict=True):
            move, cost = match_blocks(pictures, end.repeat_interleave(num_frames, 0))
            found.append(moved(key.repeat_interleave(num_frames, 0), move))
            costs.append(cost)
        first, last = found
        known = F.pixel_shuffle(self.narrow(hidden), self.patch_size)
        apart = [first - pictures, last - pictures]
        seen = torch.cat([known, *apart, *(x.abs() for x in apart), *costs], dim=1)
        seen = silu(self.refine(silu(self.compare(seen))))
        share, side, added = self.decide(seen).split([1, 1, 3], dim=1)
        share = (share + _TRUST - _DOUBT * torch.minimum(*costs)).sigmoid()
        side = (side + _CHOICE * (costs[0] - costs[1])).sigmoid()
        return torch.lerp(pictures, torch.lerp(first, last, side), share) + added
