"""CLIP networks as scores need them: pictures and token ids in, features of one space out.

Networks are handed in; they may be transformers' `CLIPModel`, a pair of towers with projections, or the towers of the
ToonCrafter checkpoint (OpenCLIP's ViT-H/14) with the parts that the method itself does not need.
"""

import copy
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import CLIPModel, CLIPTextModel, CLIPVisionModel

from toontween.errors import CheckpointError, InputError
from toontween.metrics.clip.pixels import clip_pixels


@dataclass(frozen=True, kw_only=True, eq=False)
class ClipNetwork:
    """Two towers that end in one space."""

    name: str
    """What stands beside a number, such as `openai/clip-vit-base-patch32`."""

    side_px: int
    """Side of the squares that the image tower sees."""

    see: Callable[[Float[Tensor, "n 3 s s"]], Float[Tensor, "n d"]]
    """Features of pictures that `clip_pixels` prepared, as yet of any length."""

    read: Callable[[Int[Tensor, "n k"]], Float[Tensor, "n d"]] | None
    """Features of token ids; None where there is no text tower."""

    def frame_features(
        self, frames: Float[Tensor, "t c h w"], *, batch_size: int = 16
    ) -> Float[Tensor, "t d"]:
        """Features of frames in 0…1, on the CPU.

        Raises:
            ShapeError: The frames are not RGB.
        """
        with torch.inference_mode():
            parts = [
                self.see(clip_pixels(part, side_px=self.side_px)).float().cpu()
                for part in frames.split(batch_size)
            ]
        return torch.cat(parts)

    def caption_features(self, ids: Int[Tensor, "n k"]) -> Float[Tensor, "n d"]:
        """Features of the token ids of captions, on the CPU.

        Raises:
            InputError: There is no text tower.
        """
        if self.read is None:
            raise InputError(f"the CLIP network {self.name} has no text tower")
        with torch.inference_mode():
            return self.read(ids).float().cpu()


def from_clip_model(model: CLIPModel, *, name: str) -> ClipNetwork:
    """The network of transformers' whole model."""
    model = model.eval()

    def see(pixels: Tensor) -> Tensor:
        return _pooled(model.get_image_features(pixel_values=_like(model, pixels)))

    def read(ids: Tensor) -> Tensor:
        return _pooled(model.get_text_features(input_ids=ids.to(model.device)))

    return ClipNetwork(name=name, side_px=_side_of(model.config.vision_config), see=see, read=read)


def from_projected_towers(image_tower: Any, text_tower: Any, *, name: str) -> ClipNetwork:
    """The network of `CLIPVisionModelWithProjection` and `CLIPTextModelWithProjection`; the latter may be None."""

    def see(pixels: Tensor) -> Tensor:
        return image_tower(pixel_values=_like(image_tower, pixels)).image_embeds

    def read(ids: Tensor) -> Tensor:
        return text_tower(input_ids=ids.to(text_tower.device)).text_embeds

    side_px = _side_of(image_tower.eval().config)
    if text_tower is None:
        return ClipNetwork(name=name, side_px=side_px, see=see, read=None)
    text_tower = text_tower.eval()
    return ClipNetwork(name=name, side_px=side_px, see=see, read=read)


def from_model_towers(
    image_encoder: CLIPVisionModel,
    text_encoder: CLIPTextModel,
    rest: Mapping[str, Tensor],
    *,
    name: str = "ViT-H-14 of the ToonCrafter checkpoint",
) -> ClipNetwork:
    """The network of the towers that draw, and what scoring needs besides.

    The method reads the text tower before its last block, and neither tower's projection. Modules are shared, not
    copied; they stay as they are for drawing.

    Args:
        image_encoder: The image tower, its last norm included.
        text_encoder: The text tower without its last block.
        rest: `visual_projection` (image width, d) and `text_projection` (text width, d), both as OpenCLIP stores them,
            and the last text block as `encoder.layers.N.…`.
        name: What stands beside a number.

    Raises:
        CheckpointError: A tensor is missing, unknown or of the wrong shape.
    """
    whole = _with_last_block(text_encoder, rest)
    project_text = _projection(rest, "text_projection", text_encoder.config.hidden_size)
    project_image = _projection(rest, "visual_projection", image_encoder.config.hidden_size)
    if project_text.shape[1] != project_image.shape[1]:
        ends = f"{project_text.shape[1]} and {project_image.shape[1]}"
        raise CheckpointError(f"the projections end in spaces of {ends} numbers")
    image_encoder = image_encoder.eval()

    def see(pixels: Tensor) -> Tensor:
        pooled = image_encoder(pixel_values=_like(image_encoder, pixels)).pooler_output
        return pooled @ project_image.to(pooled)

    def read(ids: Tensor) -> Tensor:
        pooled = whole(input_ids=ids.to(whole.device)).pooler_output
        return pooled @ project_text.to(pooled)

    side_px = _side_of(image_encoder.config)
    return ClipNetwork(name=name, side_px=side_px, see=see, read=read)


def _with_last_block(text_encoder: CLIPTextModel, rest: Mapping[str, Tensor]) -> CLIPTextModel:
    """A text tower of one block more, which shares everything else with the one that is given."""
    config = copy.deepcopy(text_encoder.config)
    config.num_hidden_layers += 1
    with torch.device("meta"):
        whole = CLIPTextModel(config)
    kept = text_encoder.encoder.layers
    last = whole.encoder.layers[-1]
    prefix = f"encoder.layers.{len(kept)}."
    state = {n.removeprefix(prefix): t for n, t in rest.items() if n.startswith(prefix)}
    others = set(rest) - {prefix + n for n in state} - {"text_projection", "visual_projection"}
    wanted = {n: tuple(t.shape) for n, t in last.state_dict().items()}
    if others or {n: tuple(t.shape) for n, t in state.items()} != wanted:
        wrong = sorted(others) or sorted(prefix + n for n in set(wanted) ^ set(state)) or [prefix]
        raise CheckpointError(f"{wrong[0]} does not complete the text tower")
    like = next(text_encoder.parameters())
    last.load_state_dict({n: t.to(like) for n, t in state.items()}, assign=True)
    whole.encoder.layers = nn.ModuleList(itertools.chain(kept, [last]))
    whole.embeddings = text_encoder.embeddings
    whole.final_layer_norm = text_encoder.final_layer_norm
    return whole.eval()


def _projection(rest: Mapping[str, Tensor], name: str, width: int) -> Float[Tensor, "w d"]:
    found = rest.get(name)
    if found is None or found.ndim != 2 or len(found) != width:
        told = "missing" if found is None else f"{tuple(found.shape)}"
        raise CheckpointError(f"{name} is {told}, expected {width} rows")
    return found


def _pooled(found: Any) -> Tensor:
    """Older releases of transformers give the tensor itself."""
    return found if isinstance(found, Tensor) else found.pooler_output


def _like(model: Any, pixels: Tensor) -> Tensor:
    return pixels.to(model.device, model.dtype)


def _side_of(config: Any) -> int:
    if not isinstance(config.image_size, int):
        raise InputError(f"an image tower for {config.image_size} pixels; only squares are scored")
    return config.image_size
