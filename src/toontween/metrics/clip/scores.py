"""Scores of CLIP features. Cosines are averaged over frames, never the features themselves: that gives other numbers."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError


def framewise_cosine(
    ours: Float[Tensor, "t d"], truth: Float[Tensor, "_ d"]
) -> Float[Tensor, " t"]:
    """Cosine between each frame's feature and its partner's, −1…1, float64.

    Args:
        ours: Features of our frames.
        truth: Features of the true frames, or one feature that is every frame's partner.

    Raises:
        ShapeError: The two differ in number of frames.
    """
    if len(truth) not in (1, len(ours)):
        raise ShapeError(f"{len(ours)} frames cannot be compared with {len(truth)}")
    return (_unit(ours) * _unit(truth)).sum(dim=1)


def clip_image_score(ours: Float[Tensor, "t d"], truth: Float[Tensor, "_ d"]) -> float:
    """CLIP-img: mean over frames of the cosine between our frame and the true one, −1…1; 1 for equal frames.

    Protocol: frame against frame at the same time. Report the CLIP model: scores of two models are two measures.

    Raises:
        ShapeError: The two differ in number of frames.
    """
    if len(ours) != len(truth):
        raise ShapeError(f"{len(ours)} frames cannot be compared with {len(truth)}")
    return float(framewise_cosine(ours, truth).mean())


def clip_text_score(ours: Float[Tensor, "t d"], caption: Float[Tensor, " d"]) -> float:
    """CLIP-txt: mean over frames of the cosine between the frame and the caption, −1…1.

    Protocol: neither times 100 nor cut off at 0, unlike torchmetrics' `CLIPScore`. OpenAI's ViT-B/32 gives about 0.31
    for captions that fit, ViT-L/14 about 0.25.
    """
    return float(framewise_cosine(ours, caption[None]).mean())


def _unit(features: Tensor) -> Tensor:
    return F.normalize(features.double(), dim=-1)
