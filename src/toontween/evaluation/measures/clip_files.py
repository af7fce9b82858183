"""CLIP for scores: a folder of transformers' `CLIPModel`, or the ViT-H inside the ToonCrafter checkpoint."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModel,
)

from toontween.checkpoints.convert import OpenedCheckpoint, open_checkpoint
from toontween.checkpoints.maps import clip
from toontween.checkpoints.tokenizer import build_tokenizer
from toontween.errors import CheckpointError
from toontween.metrics.clip.network import ClipNetwork, from_clip_model, from_model_towers

Tokenise = Callable[[str], Int[Tensor, "1 k"]]

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def load_clip(path: Path, *, section: Mapping[str, Any] = clip.PUBLISHED) -> ClipNetwork:
    """The network of a folder or of a ToonCrafter checkpoint. Nothing is unpickled with code.

    Args:
        path: A folder with `config.json` and weights, or the published `model.ckpt`.
        section: Sizes of the towers inside a checkpoint.

    Raises:
        CheckpointError: It is neither, or lacks a tensor.
    """
    return _from_folder(path) if path.is_dir() else _from_checkpoint(path, section)


def load_tokeniser(path: Path) -> Tokenise:
    """How captions are read: by a tokenizer's folder, or CLIP's table of merges.

    Raises:
        CheckpointError: It is neither.
    """
    if path.is_dir():
        try:
            tokenizer: Any = CLIPTokenizer.from_pretrained(path)
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointError(f"{path} holds no tokenizer of CLIP: {error}") from error
    else:
        tokenizer = build_tokenizer(path)

    def tokenise(caption: str) -> Int[Tensor, "1 k"]:
        found = tokenizer(caption, padding="max_length", truncation=True, max_length=77)
        return torch.tensor([found["input_ids"]])

    return tokenise


def _from_folder(path: Path) -> ClipNetwork:
    weights = next((path / name for name in _WEIGHTS if (path / name).is_file()), None)
    if weights is None or not (path / "config.json").is_file():
        raise CheckpointError(f"{path} is no CLIP model: it lacks config.json or {_WEIGHTS[0]}")
    config: Any = CLIPConfig.from_pretrained(path)
    with torch.device("meta"):
        model = CLIPModel(config)
    tensors = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in open_checkpoint(weights).items()
        if not name.endswith("position_ids")
    }
    _fill(model, tensors, "CLIP model")
    side, patch = config.vision_config.image_size, config.vision_config.patch_size
    return from_clip_model(model, name=f"{path.name}, {side} pixels, patches of {patch}")


def _from_checkpoint(path: Path, section: Mapping[str, Any]) -> ClipNetwork:
    opened = open_checkpoint(path)
    text, image = _part(opened, clip.TEXT_PREFIX), _part(opened, clip.IMAGE_PREFIX)
    if not text or not image:
        raise CheckpointError(
            f"{path.name} has no CLIP inside", hint="give ToonCrafter's model.ckpt, or a folder"
        )
    numbers = [re.match(r"transformer\.resblocks\.(\d+)\.", name) for name in text]
    layers = 1 + max((int(found[1]) for found in numbers if found), default=0)
    with torch.device("meta"):
        reader = CLIPTextModel(CLIPTextConfig(**clip.text_config_from_original(section)))
        viewer = CLIPVisionModel(CLIPVisionConfig(**clip.image_config_from_original(section)))
    _fill(reader, clip.text_key_map(layers).convert(text), "text encoder")
    _fill(viewer, clip.IMAGE_KEY_MAP.convert(image), "image encoder")
    rest = clip.text_score_key_map(layers).convert(text) | clip.IMAGE_SCORE_KEY_MAP.convert(image)
    return from_model_towers(viewer, reader, {name: value.float() for name, value in rest.items()})


def _part(opened: OpenedCheckpoint, prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in opened.items()
        if name.startswith(prefix)
    }


def _fill(model: Any, tensors: Mapping[str, Tensor], what: str) -> None:
    """Load weights into a model on the meta device; buffers that files leave out are made anew."""
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in tensors]
    if missing:
        raise CheckpointError(f"the {what} lacks {len(missing)} tensors such as {missing[0]}")
    model.load_state_dict({name: tensors[name] for name in wanted}, assign=True)
    for name, buffer in list(model.named_buffers()):
        if buffer.is_meta and name.endswith("position_ids"):
            module, _, leaf = name.rpartition(".")
            positions = torch.arange(buffer.shape[-1]).view(1, -1)
            model.get_submodule(module).register_buffer(leaf, positions, persistent=False)
    model.eval().requires_grad_(requires_grad=False)
