"""GMFlow's matching: flow is where, on average, what looks alike is (Xu et al., CVPR 2022, sections 3.3 and 3.4).

All flows are in pixels of the features, (right, down).
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

Features = Float[Tensor, "b c h w"]
Flow = Float[Tensor, "b 2 h w"]

NOWHERE = -1e9
"""Score of a place outside the picture."""


def pixel_places(like: Tensor) -> Float[Tensor, "2 h w"]:
    """Column and row of every pixel of a map."""
    height, width = like.shape[-2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=like.dtype, device=like.device),
        torch.arange(width, dtype=like.dtype, device=like.device),
        indexing="ij",
    )
    return torch.stack([columns, rows])


def sample(values: Features, places: Float[Tensor, "b 2 _ _"]) -> Float[Tensor, "b c _ _"]:
    """Values at places (column, row), bilinear; zero outside."""
    height, width = values.shape[-2:]
    x = 2 * places[:, 0] / (width - 1) - 1
    y = 2 * places[:, 1] / (height - 1) - 1
    grid = torch.stack([x, y], dim=-1)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def fetch(values: Features, flow: Flow) -> Features:
    """Values from where each pixel's flow points; zero outside."""
    return sample(values, pixel_places(flow) + flow)


def match_everywhere(first: Features, last: Features) -> Flow:
    """Flow by comparison of every pixel with all of the other picture (equations 1 and 2)."""
    batch, channels, height, width = first.shape
    scores = first.flatten(2).mT @ last.flatten(2) / math.sqrt(channels)
    places = pixel_places(first)
    found = scores.softmax(dim=-1) @ places.flatten(1).T
    return found.mT.reshape(batch, 2, height, width) - places


def match_nearby(first: Features, last: Features, radius: int) -> Flow:
    """Flow by comparison of every pixel with a square around the same place in the other picture."""
    batch, channels, height, width = first.shape
    side = 2 * radius + 1
    steps = pixel_places(first.new_empty(side, side)).flatten(1) - radius
    places = pixel_places(first).flatten(1)[:, :, None] + steps[:, None]
    inside = (places[0] >= 0) & (places[0] < width) & (places[1] >= 0) & (places[1] < height)
    seen = sample(last, places.expand(batch, -1, -1, -1))
    scores = torch.einsum("bcn,bcnk->bnk", first.flatten(2), seen) / math.sqrt(channels)
    chances = scores.masked_fill(~inside, NOWHERE).softmax(dim=-1)
    flow = torch.einsum("bnk,dnk->bdn", chances, places) - places[:, :, side**2 // 2]
    return flow.reshape(batch, 2, height, width)


class FlowPropagation(nn.Module):
    """Flow of places that look alike, mixed: occluded pixels have the flow of their surface (section 3.3).

    Args:
        channels: Channels of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_query = nn.Linear(channels, channels)
        self.to_key = nn.Linear(channels, channels)

    def everywhere(self, features: Features, flow: Flow) -> Flow:
        """Among all pixels. Keys are made from queries, as in the published network."""
        query = self.to_query(features.flatten(2).mT)
        key = self.to_key(query)
        value = flow.flatten(2).mT
        return F.scaled_dot_product_attention(query, key, value).mT.reshape(flow.shape)

    def nearby(self, features: Features, flow: Flow, radius: int) -> Flow:
        """Among the pixels of a square; outside the picture, keys and flow are zero."""
        batch, channels, height, width = features.shape
        tokens = features.flatten(2).mT
        key = self.to_key(tokens).mT.reshape(features.shape)
        side = 2 * radius + 1
        keys = F.unfold(key, side, padding=radius).unflatten(1, (channels, side**2))
        flows = F.unfold(flow, side, padding=radius).unflatten(1, (2, side**2))
        query = self.to_query(tokens)
        scores = torch.einsum("bnc,bckn->bnk", query, keys) / math.sqrt(channels)
        mixed = torch.einsum("bnk,bdkn->bdn", scores.softmax(dim=-1), flows)
        return mixed.reshape(batch, 2, height, width)
