"""The denoiser's published names and configuration → ours."""

from collections.abc import Iterator, Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = "model.diffusion_model."

PUBLISHED: dict[str, Any] = {
    "in_channels": 8,
    "out_channels": 4,
    "model_channels": 320,
    "channel_mult": [1, 2, 4, 4],
    "num_res_blocks": 2,
    "attention_resolutions": [4, 2, 1],
    "num_head_channels": 64,
    "context_dim": 1024,
    "temporal_length": 16,
    "default_fs": 24,
    "dropout": 0.1,
}
"""The section of the published 512 model; DynamiCrafter's 512 interpolation model has the same network."""

_SIZES = {
    "in_channels": "in_channels",
    "out_channels": "out_channels",
    "model_channels": "base_channels",
    "channel_mult": "channel_mult",
    "num_res_blocks": "num_res_blocks",
    "attention_resolutions": "attention_factors",
    "num_head_channels": "head_dim",
    "context_dim": "context_dim",
}
_OPTIONS = {
    "temporal_length": "num_frames",
    "default_fs": "default_motion_fps",
    "dropout": "dropout",
}
_FIXED = {
    "transformer_depth": 1,
    "use_linear": True,
    "temporal_conv": True,
    "temporal_attention": True,
    "temporal_selfatt_only": True,
    "use_relative_position": False,
    "use_causal_attention": False,
    "addition_attention": True,
    "image_cross_attention": True,
    "image_cross_attention_scale_learnable": False,
    "fs_condition": True,
}
_IGNORED = ("use_checkpoint", "use_fp16")


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of `ToonUNet` from the published-style section.

    Raises:
        CheckpointError: A size is missing, or a flag describes another network.
    """
    return translate_section(
        section,
        component="UNet",
        sizes=_SIZES,
        options=_OPTIONS,
        fixed=_FIXED,
        ignored=_IGNORED,
    )


_LEAF = r"(?P<leaf>weight|bias)"

_RESIDUAL = {
    r"in_layers\.0": "norm1",
    r"in_layers\.2": "conv1",
    r"emb_layers\.1": "embedding_proj",
    r"out_layers\.0": "norm2",
    r"out_layers\.3": "conv2",
    r"skip_connection": "shortcut",
    r"temopral_conv\.conv(?P<step>[1-4])\.0": r"temporal_conv.norm\g<step>",  # spelled so in the published model
}
_TRANSFORMER = {
    r"(?P<part>norm|proj_in|proj_out)": r"\g<part>",
    r"transformer_blocks\.0\.norm(?P<step>[1-3])": r"norm\g<step>",
    r"transformer_blocks\.0\.attn(?P<step>[12])\.to_(?P<part>[qkv])": r"attention\g<step>.to_\g<part>",
    r"transformer_blocks\.0\.attn2\.to_(?P<part>[kv])_ip": r"attention2.to_\g<part>_image",
    r"transformer_blocks\.0\.attn(?P<step>[12])\.to_out\.0": r"attention\g<step>.to_out",
    r"transformer_blocks\.0\.ff\.net\.0\.proj": "feed_forward.proj_in",
    r"transformer_blocks\.0\.ff\.net\.2": "feed_forward.proj_out",
}
_PLAIN = {
    r"time_embed\.0": "time_embedding.linear_1",
    r"time_embed\.2": "time_embedding.linear_2",
    r"fps_embedding\.0": "motion_embedding.linear_1",
    r"fps_embedding\.2": "motion_embedding.linear_2",
    r"input_blocks\.0\.0": "down_blocks.0.conv",
    r"input_blocks\.(?P<stage>\d+)\.0\.op": r"down_blocks.\g<stage>",
    r"output_blocks\.(?P<stage>\d+)\.[13]\.conv": r"up_blocks.\g<stage>.upsample.conv",
    r"out\.0": "norm_out",
    r"out\.2": "conv_out",
}
_RESIDUAL_PLACES = {
    r"input_blocks\.(?P<stage>\d+)\.0": r"down_blocks.\g<stage>.residual",
    r"output_blocks\.(?P<stage>\d+)\.0": r"up_blocks.\g<stage>.residual",
    r"middle_block\.0": "mid_block.residual_in",
    r"middle_block\.3": "mid_block.residual_out",
}
_TRANSFORMER_PLACES = {
    r"input_blocks\.(?P<stage>\d+)\.1": r"down_blocks.\g<stage>.spatial",
    r"input_blocks\.(?P<stage>\d+)\.2": r"down_blocks.\g<stage>.temporal",
    r"output_blocks\.(?P<stage>\d+)\.1": r"up_blocks.\g<stage>.spatial",
    r"output_blocks\.(?P<stage>\d+)\.2": r"up_blocks.\g<stage>.temporal",
    r"middle_block\.1": "mid_block.spatial",
    r"middle_block\.2": "mid_block.temporal",
    r"init_attn\.0": "down_blocks.0.temporal",
}


def _rules() -> Iterator[Rule]:
    # 1×1 convolutions along time, which we keep as linear layers
    yield Rule(
        r"init_attn\.0\.proj_(in|out)\.weight",
        (r"down_blocks.0.temporal.proj_\1.weight",),
        squeeze=1,
    )
    for theirs, ours in _PLAIN.items():
        yield Rule(rf"{theirs}\.{_LEAF}", (rf"{ours}.\g<leaf>",))
    for place, target in _RESIDUAL_PLACES.items():
        # (3, 1, 1) kernels become (3, 1)
        kernel = rf"{place}\.temopral_conv\.conv(?P<step>1(?=\.2)|[234](?=\.3))\.[23]"
        ours = rf"{target}.temporal_conv.conv\g<step>"
        yield Rule(rf"{kernel}\.weight", (f"{ours}.weight",), squeeze=1)
        yield Rule(rf"{kernel}\.bias", (f"{ours}.bias",))
        for theirs, part in _RESIDUAL.items():
            yield Rule(rf"{place}\.{theirs}\.{_LEAF}", (rf"{target}.{part}.\g<leaf>",))
    for place, target in _TRANSFORMER_PLACES.items():
        for theirs, part in _TRANSFORMER.items():
            yield Rule(rf"{place}\.{theirs}\.{_LEAF}", (rf"{target}.{part}.\g<leaf>",))


KEY_MAP = KeyMap("UNet", tuple(_rules()))
