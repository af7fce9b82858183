"""OpenCLIP's names for the two CLIP towers → those of transformers, and their configuration.

The text tower stops before its last block ("penultimate") and then applies the final norm; the image tower gives all
tokens before its last norm. What neither needs is listed as unused: the last text block, both projections, the
temperature, and the text tensors left over beside the image tower.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.errors import CheckpointError

TEXT_PREFIX = "cond_stage_model.model."
IMAGE_PREFIX = "embedder.model."

TEXT_CLASS = "transformers:CLIPTextModel"
IMAGE_CLASS = "transformers:CLIPVisionModel"

PUBLISHED: dict[str, Any] = {
    "embed_dim": 1024,
    "vision_cfg": {
        "image_size": 224,
        "layers": 32,
        "width": 1280,
        "head_width": 80,
        "patch_size": 14,
    },
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 1024,
        "heads": 16,
        "layers": 24,
    },
}
"""The "open_clip" section of the published model: ViT-H-14."""

_PROJECTIONS = {
    "in_proj_weight": ("q_proj.weight", "k_proj.weight", "v_proj.weight"),
    "in_proj_bias": ("q_proj.bias", "k_proj.bias", "v_proj.bias"),
}


def _block_rules(source: str, index: str) -> tuple[Rule, ...]:
    """Rules for the residual attention blocks whose number matches a pattern."""
    block = rf"{source}resblocks\.({index})\."
    target = r"encoder.layers.\1."
    packed = tuple(
        Rule(rf"{block}attn\.{name}", tuple(f"{target}self_attn.{part}" for part in parts))
        for name, parts in _PROJECTIONS.items()
    )
    return (
        *packed,
        Rule(rf"{block}attn\.out_proj\.(weight|bias)", (rf"{target}self_attn.out_proj.\2",)),
        Rule(rf"{block}ln_([12])\.(weight|bias)", (rf"{target}layer_norm\2.\3",)),
        Rule(rf"{block}mlp\.c_fc\.(weight|bias)", (rf"{target}mlp.fc1.\2",)),
        Rule(rf"{block}mlp\.c_proj\.(weight|bias)", (rf"{target}mlp.fc2.\2",)),
    )


def text_key_map(num_layers: int) -> KeyMap:
    """The map of a text tower that was stored with so many blocks; the last is not loaded."""
    kept = "|".join(str(index) for index in range(num_layers - 1)) or "(?!)"
    return KeyMap(
        component="text encoder",
        rules=(
            Rule(r"token_embedding\.weight", ("embeddings.token_embedding.weight",)),
            Rule(r"positional_embedding", ("embeddings.position_embedding.weight",)),
            *_block_rules(r"transformer\.", kept),
            Rule(r"ln_final\.(weight|bias)", (r"final_layer_norm.\1",)),
        ),
        unused=(
            rf"transformer\.resblocks\.{num_layers - 1}\..*",
            r"text_projection",
            r"logit_scale",
            r"attn_mask",
        ),
    )


TEXT_KEY_MAP = text_key_map(PUBLISHED["text_cfg"]["layers"])

IMAGE_KEY_MAP = KeyMap(
    component="image encoder",
    rules=(
        Rule(r"visual\.class_embedding", ("embeddings.class_embedding",)),
        Rule(r"visual\.positional_embedding", ("embeddings.position_embedding.weight",)),
        Rule(r"visual\.conv1\.weight", ("embeddings.patch_embedding.weight",)),
        Rule(r"visual\.ln_pre\.(weight|bias)", (r"pre_layrnorm.\1",)),
        *_block_rules(r"visual\.transformer\.", r"\d+"),
        Rule(r"visual\.ln_post\.(weight|bias)", (r"post_layernorm.\1",)),
    ),
    unused=(
        r"visual\.proj",
        r"positional_embedding",
        r"text_projection",
        r"logit_scale",
        r"attn_mask",
        r"token_embedding\.weight",
        r"ln_final\.(weight|bias)",
        r"transformer\.resblocks\..*",
    ),
)


def text_config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `transformers.CLIPTextConfig` for an "open_clip" section.

    Raises:
        CheckpointError: A flag asks for another tower than the method's, or a size is missing.
    """
    text = _tower(section, "text_cfg", {"context_length", "vocab_size", "width", "heads", "layers"})
    if text["layers"] < 2:
        raise CheckpointError(f"text_cfg.layers={text['layers']}: the last block is dropped")
    return _shared(section, text) | {
        "vocab_size": text["vocab_size"],
        "max_position_embeddings": text["context_length"],
        "num_hidden_layers": text["layers"] - 1,
        "num_attention_heads": _heads("text_cfg", text["width"], text["heads"]),
        "bos_token_id": text["vocab_size"] - 2,
        "eos_token_id": text["vocab_size"] - 1,
        "pad_token_id": 0,
    }


def image_config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `transformers.CLIPVisionConfig` for an "open_clip" section.

    Raises:
        CheckpointError: A flag asks for another tower than the method's, or a size is missing.
    """
    vision = _tower(section, "vision_cfg", {"image_size", "layers", "width", "patch_size"})
    width, head_width = vision["width"], vision.get("head_width", 64)
    return _shared(section, vision) | {
        "num_hidden_layers": vision["layers"],
        "num_attention_heads": _heads("vision_cfg", width, width // head_width),
        "image_size": vision["image_size"],
        "patch_size": vision["patch_size"],
    }


_OPTIONAL = {
    "text_cfg": {
        "mlp_ratio",
        "embed_cls",
        "pad_id",
        "ls_init_value",
        "pool_type",
        "no_causal_mask",
    },
    "vision_cfg": {"head_width", "mlp_ratio", "ls_init_value", "attentional_pool", "pool_type"},
}
_HARMLESS: dict[str, tuple[Any, ...]] = {
    "embed_cls": (False,),
    "pad_id": (0,),
    "ls_init_value": (None,),
    "attentional_pool": (False,),
    "no_causal_mask": (False,),
    "pool_type": ("argmax", "tok"),
}


def _tower(section: Mapping[str, Any], name: str, needed: set[str]) -> Mapping[str, Any]:
    """One tower's part of the section, checked."""
    for flag in set(section) - {"embed_dim", "vision_cfg", "text_cfg", "quick_gelu"}:
        raise CheckpointError(f"open_clip.{flag}={section[flag]!r} is not part of the method")
    if section.get("quick_gelu", False):
        raise CheckpointError("open_clip.quick_gelu=True: the towers use the exact GELU")
    if name not in section:
        raise CheckpointError(f"the open_clip section has no {name}")
    tower = section[name]
    missing = sorted(needed - set(tower))
    if missing:
        raise CheckpointError(f"open_clip.{name} lacks {', '.join(missing)}")
    for flag in sorted(set(tower) - needed):
        known = flag in _OPTIONAL[name]
        if not known or (flag in _HARMLESS and tower[flag] not in _HARMLESS[flag]):
            raise CheckpointError(f"open_clip.{name}.{flag}={tower[flag]!r} is not supported")
    return tower


def _shared(section: Mapping[str, Any], tower: Mapping[str, Any]) -> dict[str, Any]:
    width = tower["width"]
    return {
        "hidden_size": width,
        "intermediate_size": int(width * tower.get("mlp_ratio", 4.0)),
        "projection_dim": section.get("embed_dim", width),
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
    }


def _heads(name: str, width: int, heads: int) -> int:
    if heads < 1 or width % heads:
        raise CheckpointError(f"open_clip.{name}: a width of {width} cannot have {heads} heads")
    return heads


def text_score_key_map(num_layers: int) -> KeyMap:
    """What CLIP scores need of the text tower besides what draws: the last block and the projection."""
    return KeyMap(
        component="text encoder's last block",
        rules=(
            *_block_rules(r"transformer\.", str(num_layers - 1)),
            Rule(r"text_projection", ("text_projection",)),
        ),
        unused=(r".*",),
    )


IMAGE_SCORE_KEY_MAP = KeyMap(
    component="image encoder's projection",
    rules=(Rule(r"visual\.proj", ("visual_projection",)),),
    unused=(r".*",),
)
"""What CLIP scores need of the image tower besides what draws."""
