"""The image-context projector: an image encoder's tokens → context tokens, some for each frame of the clip.

Learned queries, a fixed number per frame in frame order, look at the picture's tokens and at each other, layer by layer
(a perceiver resampler).
"""

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import ShapeError
from toontween.models.blocks.attention import attend


class ResamplerAttention(nn.Module):
    """Queries attend to the picture's tokens and to all queries."""

    def __init__(self, dim: int, *, num_heads: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        inner = num_heads * head_dim
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_kv = nn.Linear(dim, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, dim, bias=False)

    def forward(
        self, picture: Float[Tensor, "b n d"], queries: Float[Tensor, "b m d"]
    ) -> Float[Tensor, "b m d"]:
        """Look up what each query wants to know."""
        queries = self.norm2(queries)
        seen = torch.cat([self.norm1(picture), queries], dim=1)
        keys, values = self.to_kv(seen).chunk(2, dim=-1)
        return self.to_out(attend(self.to_q(queries), keys, values, head_dim=self.head_dim))


class ResamplerFeedForward(nn.Module):
    """Normalised feed-forward layer."""

    def __init__(self, dim: int, mult: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.proj_in = nn.Linear(dim, mult * dim, bias=False)
        self.proj_out = nn.Linear(mult * dim, dim, bias=False)

    def forward(self, queries: Float[Tensor, "b m d"]) -> Float[Tensor, "b m d"]:
        """Transform each query on its own."""
        return self.proj_out(F.gelu(self.proj_in(self.norm(queries))))


class ResamplerLayer(nn.Module):
    """Attention and feed-forward layer, each added to its input."""

    def __init__(self, dim: int, *, num_heads: int, head_dim: int, ff_mult: int) -> None:
        super().__init__()
        self.attention = ResamplerAttention(dim, num_heads=num_heads, head_dim=head_dim)
        self.feed_forward = ResamplerFeedForward(dim, ff_mult)

    def forward(
        self, picture: Float[Tensor, "b n d"], queries: Float[Tensor, "b m d"]
    ) -> Float[Tensor, "b m d"]:
        """Refine the queries."""
        queries = queries + self.attention(picture, queries)
        return queries + self.feed_forward(queries)


class ImageContextProjector(ModelMixin, ConfigMixin):
    """Makes the image part of the denoiser's context.

    Args:
        input_dim: Width of an image encoder's token.
        dim: Width inside.
        output_dim: Width of a context token.
        depth: Layers.
        num_heads: Attention heads.
        head_dim: Width of an attention head.
        ff_mult: How much wider the feed-forward layer is than its input.
        queries_per_frame: Context tokens made for each frame.
        num_frames: Frames that context tokens are made for.
    """

    @register_to_config
    def __init__(
        self,
        *,
        input_dim: int = 1280,
        dim: int = 1024,
        output_dim: int = 1024,
        depth: int = 4,
        num_heads: int = 12,
        head_dim: int = 64,
        ff_mult: int = 4,
        queries_per_frame: int = 16,
        num_frames: int = 16,
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, queries_per_frame * num_frames, dim) / dim**0.5)
        self.proj_in = nn.Linear(input_dim, dim)
        self.layers = nn.ModuleList(
            ResamplerLayer(dim, num_heads=num_heads, head_dim=head_dim, ff_mult=ff_mult)
            for _ in range(depth)
        )
        self.proj_out = nn.Linear(dim, output_dim)
        self.norm_out = nn.LayerNorm(output_dim)

    def forward(self, image_tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b m e"]:
        """Context tokens, those of one frame next to each other, frames in order.

        Args:
            image_tokens: All tokens of the image encoder, before its last norm.

        Raises:
            ShapeError: The tokens have another width than the projector reads.
        """
        width, wanted = image_tokens.shape[2], self.config["input_dim"]
        if width != wanted:
            raise ShapeError(f"image tokens are {width} wide, the projector reads {wanted}")
        picture = self.proj_in(image_tokens)
        queries = self.queries.expand(image_tokens.shape[0], -1, -1)
        for layer in self.layers:
            queries = layer(picture, queries)
        return self.norm_out(self.proj_out(queries))
