"""The sketch encoder's published names and configuration → those of diffusers' ControlNet."""

from collections.abc import Iterator, Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {
    "in_channels": 4,
    "hint_channels": 1,
    "model_channels": 320,
    "attention_resolutions": [4, 2, 1],
    "num_res_blocks": 2,
    "channel_mult": [1, 2, 4, 4],
    "num_head_channels": 64,
    "context_dim": 1024,
}
"""The section of the published sketch encoder."""

_SIZES = {
    "in_channels": "in_channels",
    "model_channels": "base_channels",
    "channel_mult": "channel_mult",
    "num_res_blocks": "num_res_blocks",
    "attention_resolutions": "attention_factors",
    "num_head_channels": "head_dim",
    "context_dim": "context_dim",
}
_FIXED = {
    "hint_channels": 1,
    "use_spatial_transformer": True,
    "use_linear_in_transformer": True,
    "transformer_depth": 1,
    "legacy": False,
}
_IGNORED = ("use_checkpoint", "use_fp16", "image_size")


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `build_sketch_encoder` from the published-style section.

    Raises:
        CheckpointError: A size is missing, or a flag describes another network.
    """
    return translate_section(
        section,
        component="sketch encoder",
        sizes=_SIZES,
        options={},
        fixed=_FIXED,
        ignored=_IGNORED,
    )


_LEAF = r"(?P<leaf>weight|bias)"

_RESIDUAL = {
    r"in_layers\.0": "norm1",
    r"in_layers\.2": "conv1",
    r"emb_layers\.1": "time_emb_proj",
    r"out_layers\.0": "norm2",
    r"out_layers\.3": "conv2",
    r"skip_connection": "conv_shortcut",
}
_PLAIN = {
    r"time_embed\.0": "time_embedding.linear_1",
    r"time_embed\.2": "time_embedding.linear_2",
    r"input_blocks\.0\.0": "conv_in",
    r"zero_convs\.(?P<stage>\d+)\.0": r"controlnet_down_blocks.\g<stage>",
    r"middle_block_out\.0": "controlnet_mid_block",
    r"input_hint_block\.0": "controlnet_cond_embedding.conv_in",
    r"input_hint_block\.14": "controlnet_cond_embedding.conv_out",
}
_HINT_LAYERS = 6
"""Convolutions of the hint between its first and its last."""


def key_map(*, num_levels: int, num_res_blocks: int) -> KeyMap:
    """The map for a given depth: published stages are numbered through, diffusers' level by level."""
    return KeyMap("sketch encoder", tuple(_rules(num_levels, num_res_blocks)))


def _rules(num_levels: int, num_res_blocks: int) -> Iterator[Rule]:
    for theirs, ours in _PLAIN.items():
        yield Rule(rf"{theirs}\.{_LEAF}", (rf"{ours}.\g<leaf>",))
    for index in range(_HINT_LAYERS):
        yield Rule(
            rf"input_hint_block\.{2 * index + 2}\.{_LEAF}",
            (rf"controlnet_cond_embedding.blocks.{index}.\g<leaf>",),
        )
    yield from _residual_rules(r"middle_block\.0", "mid_block.resnets.0")
    yield from _transformer_rules(r"middle_block\.1", "mid_block.attentions.0")
    yield from _residual_rules(r"middle_block\.2", "mid_block.resnets.1")
    stage = 1
    for level in range(num_levels):
        for index in range(num_res_blocks):
            block = f"down_blocks.{level}"
            yield from _residual_rules(rf"input_blocks\.{stage}\.0", f"{block}.resnets.{index}")
            yield from _transformer_rules(
                rf"input_blocks\.{stage}\.1", f"{block}.attentions.{index}"
            )
            stage += 1
        yield Rule(
            rf"input_blocks\.{stage}\.0\.op\.{_LEAF}",
            (rf"down_blocks.{level}.downsamplers.0.conv.\g<leaf>",),
        )
        stage += 1


def _residual_rules(place: str, target: str) -> Iterator[Rule]:
    for theirs, part in _RESIDUAL.items():
        yield Rule(rf"{place}\.{theirs}\.{_LEAF}", (rf"{target}.{part}.\g<leaf>",))


def _transformer_rules(place: str, target: str) -> Iterator[Rule]:
    """Inside a transformer the published names and diffusers' are the same."""
    names = r"norm|proj_in|proj_out|transformer_blocks\.0\.[\w.]+"
    yield Rule(rf"{place}\.(?P<part>{names})\.{_LEAF}", (rf"{target}.\g<part>.\g<leaf>",))


KEY_MAP = key_map(num_levels=4, num_res_blocks=2)
