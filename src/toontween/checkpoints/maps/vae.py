"""Published names of the autoencoder → ours, for the dual-reference decoder and for the plain image decoder.

Both come under `first_stage_model.`: ToonCrafter's checkpoint with the dual-reference decoder, DynamiCrafter's with
Stable Diffusion's. Their configuration sections are alike, so `decoder_variant_of` tells them apart by their names.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.errors import CheckpointError
from toontween.models.dual_reference import DecoderVariant

PREFIX = "first_stage_model."

PUBLISHED: dict[str, Any] = {
    "base_channels": 128,
    "channel_mult": (1, 2, 4, 4),
    "num_res_blocks": 2,
    "latent_channels": 4,
    "decoder_variant": "full",
}
"""Constructor arguments of the published 512 model."""

_LEAF = r"(weight|bias)"
_LAYER = r"(norm1|conv1|norm2|conv2)"


def _block_rules(source: str, target: str, *, next_group: int) -> tuple[Rule, ...]:
    layer, leaf = next_group, next_group + 1
    return (
        Rule(rf"{source}\.{_LAYER}\.{_LEAF}", (rf"{target}.\{layer}.\{leaf}",)),
        Rule(rf"{source}\.nin_shortcut\.{_LEAF}", (rf"{target}.shortcut.\{layer}",)),
    )


def _temporal_rules(source: str, target: str, *, next_group: int) -> tuple[Rule, ...]:
    stack, leaf = rf"{source}\.time_stack", rf"\{next_group}"
    return (
        Rule(rf"{source}\.mix_factor", (f"{target}.mix_factor",)),
        Rule(rf"{stack}\.in_layers\.0\.{_LEAF}", (f"{target}.norm1.{leaf}",)),
        Rule(rf"{stack}\.in_layers\.2\.weight", (f"{target}.conv1.weight",), squeeze=1),
        Rule(rf"{stack}\.in_layers\.2\.bias", (f"{target}.conv1.bias",)),
        Rule(rf"{stack}\.out_layers\.0\.{_LEAF}", (f"{target}.norm2.{leaf}",)),
        Rule(rf"{stack}\.out_layers\.3\.weight", (f"{target}.conv2.weight",), squeeze=1),
        Rule(rf"{stack}\.out_layers\.3\.bias", (f"{target}.conv2.bias",)),
    )


def _attention_rules() -> tuple[Rule, ...]:
    source, target = r"(encoder|decoder)\.mid\.attn_1", r"\1.mid.attention"
    return (
        Rule(rf"{source}\.norm\.{_LEAF}", (rf"{target}.norm.\2",)),
        Rule(rf"{source}\.(q|k|v)\.weight", (rf"{target}.to_\2.weight",), squeeze=2),
        Rule(rf"{source}\.(q|k|v)\.bias", (rf"{target}.to_\2.bias",)),
        Rule(rf"{source}\.proj_out\.weight", (rf"{target}.to_out.weight",), squeeze=2),
        Rule(rf"{source}\.proj_out\.bias", (rf"{target}.to_out.bias",)),
    )


def _reference_rules() -> tuple[Rule, ...]:
    source, target = r"decoder\.attn_refinement\.(\d+)", r"decoder.references.\1"
    return (
        Rule(rf"{source}\.(conv|norm)\.{_LEAF}", (rf"{target}.\2.\3",)),
        Rule(rf"{source}\.(to_q|to_k|to_v)\.weight", (rf"{target}.\2.weight",)),
        Rule(rf"{source}\.to_out\.0\.{_LEAF}", (rf"{target}.to_out.\2",)),
    )


KEY_MAP = KeyMap(
    component="autoencoder",
    rules=(
        Rule(
            rf"(encoder|decoder)\.(conv_in|conv_out|norm_out)\.{_LEAF}",
            (r"\1.\2.\3",),
        ),
        Rule(rf"quant_conv\.{_LEAF}", (r"encoder.quant_conv.\1",)),
        Rule(rf"post_quant_conv\.{_LEAF}", (r"decoder.post_quant_conv.\1",)),
        Rule(
            rf"encoder\.down\.(\d+)\.downsample\.conv\.{_LEAF}", (r"encoder.down.\1.downsample.\2",)
        ),
        Rule(rf"decoder\.up\.(\d+)\.upsample\.conv\.{_LEAF}", (r"decoder.up.\1.upsample.\2",)),
        *_block_rules(
            r"encoder\.down\.(\d+)\.block\.(\d+)", r"encoder.down.\1.blocks.\2", next_group=3
        ),
        *_block_rules(r"encoder\.mid\.block_(\d)", r"encoder.mid.block\1", next_group=2),
        *_block_rules(
            r"decoder\.up\.(\d+)\.block\.(\d+)", r"decoder.up.\1.blocks.\2.image", next_group=3
        ),
        *_block_rules(r"decoder\.mid\.block_(\d)", r"decoder.mid.block\1.image", next_group=2),
        *_temporal_rules(
            r"decoder\.up\.(\d+)\.block\.(\d+)", r"decoder.up.\1.blocks.\2.temporal", next_group=3
        ),
        *_temporal_rules(
            r"decoder\.mid\.block_(\d)", r"decoder.mid.block\1.temporal", next_group=2
        ),
        *_attention_rules(),
        *_reference_rules(),
        Rule(r"decoder\.conv_out\.time_mix_conv\.weight", ("decoder.time_mix.weight",), squeeze=1),
        Rule(r"decoder\.conv_out\.time_mix_conv\.bias", ("decoder.time_mix.bias",)),
    ),
)


def decoder_variant_of(names: Iterable[str]) -> DecoderVariant:
    """Which decoder a checkpoint holds, from its published names without the prefix."""
    listed = list(names)
    if any(name.startswith("decoder.conv_out.time_mix_conv.") for name in listed):
        return "full"
    if any(name.startswith("decoder.attn_refinement.") for name in listed):
        return "no-p3d"
    return "no-har-no-p3d"


_REQUIRED: dict[str, Any] = {"double_z": True, "in_channels": 3, "out_ch": 3}
_HARMLESS = {"resolution", "monitor", "lossconfig", "ckpt_path", "ignore_keys", "image_key"}
_ABSENT: dict[str, Any] = {
    "attn_resolutions": [],
    "dropout": 0.0,
    "use_linear_attn": False,
    "give_pre_end": False,
    "tanh_out": False,
}


def config_from_original(
    section: Mapping[str, Any], *, decoder_variant: DecoderVariant = "full"
) -> dict[str, Any]:
    """Constructor arguments from the published configuration of the autoencoder.

    Args:
        section: The "ddconfig" of the published configuration with "embed_dim" beside it, or around it.
        decoder_variant: Not part of the section; see `decoder_variant_of`.

    Raises:
        CheckpointError: A setting asks for something that this network cannot be; it is named.
    """
    flat = {**section, **section.get("ddconfig", {})}
    flat.pop("ddconfig", None)
    for name in ("ch", "ch_mult", "num_res_blocks", "z_channels"):
        if name not in flat:
            raise CheckpointError(f"the autoencoder's configuration lacks {name!r}")
    config = {
        "base_channels": int(flat.pop("ch")),
        "channel_mult": tuple(flat.pop("ch_mult")),
        "num_res_blocks": int(flat.pop("num_res_blocks")),
        "latent_channels": int(flat.pop("z_channels")),
        "decoder_variant": decoder_variant,
    }
    if flat.pop("embed_dim", config["latent_channels"]) != config["latent_channels"]:
        raise CheckpointError("the autoencoder's 'embed_dim' differs from its 'z_channels'")
    for name, wanted in (_REQUIRED | _ABSENT).items():
        value = flat.pop(name, wanted)
        value = list(value) if isinstance(value, tuple) else value
        if value != wanted:
            raise CheckpointError(f"an autoencoder with {name}={value!r} is not supported")
    unknown = sorted(set(flat) - _HARMLESS)
    if unknown:
        raise CheckpointError(
            f"the autoencoder's configuration has an unknown setting {unknown[0]!r}"
        )
    return config
