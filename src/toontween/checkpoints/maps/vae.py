"""Published names of the autoencoder → ours, for the dual-reference decoder and for the plain image decoder.

Both come under `first_stage_model.`: ToonCrafter's checkpoint with the dual-reference decoder, DynamiCrafter's with
Stable Diffusion's. Their configuration sections are alike, so `decoder_variant_of` tells them apart by their names.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section
from toontween.errors import CheckpointError
from toontween.models.dual_reference import DecoderVariant

PREFIX = "first_stage_model."

PUBLISHED: dict[str, Any] = {
    "double_z": True,
    "z_channels": 4,
    "in_channels": 3,
    "out_ch": 3,
    "ch": 128,
    "ch_mult": [1, 2, 4, 4],
    "num_res_blocks": 2,
    "embed_dim": 4,
}
"""The section of the published 512 model."""

_SIZES = {
    "ch": "base_channels",
    "ch_mult": "channel_mult",
    "num_res_blocks": "num_res_blocks",
    "z_channels": "latent_channels",
}
_OPTIONS = {"decoder_variant": "decoder_variant"}
_FIXED: dict[str, Any] = {
    "double_z": True,
    "in_channels": 3,
    "out_ch": 3,
    "attn_resolutions": [],
    "dropout": 0.0,
    "use_linear_attn": False,
    "give_pre_end": False,
    "tanh_out": False,
}
_IGNORED = ("embed_dim", "resolution", "monitor", "lossconfig", "ckpt_path", "image_key")

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
        Rule(rf"encoder\.down\.(\d+)\.downsample\.conv\.{_LEAF}", (r"encoder.downsample.\1.\2",)),
        Rule(rf"decoder\.up\.(\d+)\.upsample\.conv\.{_LEAF}", (r"decoder.upsample.\1.\2",)),
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


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments from the published configuration of the autoencoder.

    Args:
        section: The published "ddconfig" with "embed_dim" beside it, or around it as in the published files. It does not
            say which decoder there is: "decoder_variant" does (see `decoder_variant_of`), else it is "full".

    Raises:
        CheckpointError: A setting asks for something that this network cannot be; it is named.
    """
    flat = {**section, **section.get("ddconfig", {})}
    flat.pop("ddconfig", None)
    arguments = translate_section(
        flat,
        component="autoencoder",
        sizes=_SIZES,
        options=_OPTIONS,
        fixed=_FIXED,
        ignored=_IGNORED,
    )
    if flat.get("embed_dim", flat["z_channels"]) != flat["z_channels"]:
        raise CheckpointError(
            f"the autoencoder's embed_dim={flat['embed_dim']!r} differs from its "
            f"z_channels={flat['z_channels']!r}, which is not supported"
        )
    return arguments
