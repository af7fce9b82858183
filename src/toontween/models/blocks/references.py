"""How a clip being decoded takes detail from its two keys (ToonCrafter, section 3.3 "hybrid-attention-residual learning").

`ReferenceAttention` at the coarse levels and `ReferenceInjection` at the fine ones; small networks have `KeyMatching` there.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.vae_layers import NORM_EPSILON, set_to_zero

_SCORES_AT_ONCE = 2**30


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
