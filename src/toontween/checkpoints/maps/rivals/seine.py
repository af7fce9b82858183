"""Published names of SEINE's denoiser (`seine.pt`, under "ema") → ours.

The published network keeps the names of Stable Diffusion's UNet in diffusers' layout.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {
    "in_channels": 9,
    "out_channels": 4,
    "block_out_channels": [320, 640, 1280, 1280],
    "layers_per_block": 2,
    "attention_head_dim": 8,
    "cross_attention_dim": 768,
    "norm_num_groups": 32,
}
"""The sizes in the names that Stable Diffusion 1.4 gives them; there `attention_head_dim` is the number of heads."""

_PLACE = r"((?:down_blocks|up_blocks)\.\d+|mid_block)"
_LEAF = r"\.(weight|bias)"
_BLOCK = r"transformer_blocks\.0"


def _rules() -> Iterator[Rule]:
    yield Rule(rf"(conv_in|conv_norm_out|conv_out|time_embedding\.linear_[12]){_LEAF}", (r"\1.\2",))
    yield Rule(rf"{_PLACE}\.(resnets\.\d+\.\w+){_LEAF}", (r"\1.\2.\3",))
    yield Rule(rf"{_PLACE}\.(down|up)samplers\.0\.conv{_LEAF}", (r"\1.\2sample.\3",))
    transformer, ours = rf"{_PLACE}\.(attentions\.\d+)", r"\1.\2"
    # 1×1 convolutions, which we keep as linear layers
    yield Rule(rf"{transformer}\.(proj_in|proj_out)\.weight", (rf"{ours}.\3.weight",), squeeze=2)
    yield Rule(rf"{transformer}\.(norm|proj_in|proj_out){_LEAF}", (rf"{ours}.\3.\4",))
    inner = rf"{transformer}\.{_BLOCK}"
    yield Rule(rf"{inner}\.(norm[123]|norm_temp){_LEAF}", (rf"{ours}.\3.\4",))
    attention = r"(attn1|attn2|attn_temp)"
    yield Rule(rf"{inner}\.{attention}\.(to_[qkv])\.weight", (rf"{ours}.\3.\4.weight",))
    yield Rule(rf"{inner}\.{attention}\.to_out\.0{_LEAF}", (rf"{ours}.\3.to_out.\4",))
    yield Rule(
        rf"{inner}\.attn_temp\.time_rel_pos_bias\.relative_attention_bias\.weight",
        (rf"{ours}.attn_temp.relative_attention_bias.weight",),
    )
    yield Rule(rf"{inner}\.ff\.net\.0\.proj{_LEAF}", (rf"{ours}.ff.proj_in.\3",))
    yield Rule(rf"{inner}\.ff\.net\.2{_LEAF}", (rf"{ours}.ff.proj_out.\3",))


KEY_MAP = KeyMap(
    component="SEINE UNet",
    rules=tuple(_rules()),
    # one table of constants, 10000^(−2i/32), listed by each of the 16 attentions that share it; later versions of the
    # library it comes from list more of them
    unused=(r".*\.attn_temp\.rotary_emb\.\w+",),
)

SIGNATURE: tuple[str, ...] = (
    r"conv_in\.weight",
    r"down_blocks\.0\.attentions\.0\.transformer_blocks\.0\.attn_temp\.to_q\.weight",
    r"down_blocks\.0\.attentions\.0\.transformer_blocks\.0\.attn_temp\.time_rel_pos_bias\.relative_attention_bias\.weight",
)
"""An attention along time with a bias by distance: no picture UNet has one, and no other video UNet names it so."""


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of `SeineUNet` from sizes under Stable Diffusion's names.

    Raises:
        CheckpointError: A size is missing, or a setting describes another network.
    """
    return translate_section(
        section,
        component="SEINE UNet",
        sizes={
            "in_channels": "in_channels",
            "out_channels": "out_channels",
            "block_out_channels": "block_out_channels",
            "layers_per_block": "layers_per_block",
            "attention_head_dim": "num_heads",
            "cross_attention_dim": "context_dim",
            "norm_num_groups": "norm_groups",
        },
        options={},
        fixed={
            "norm_eps": 1e-5,
            "act_fn": "silu",
            "flip_sin_to_cos": True,
            "freq_shift": 0,
            "downsample_padding": 1,
            "mid_block_scale_factor": 1,
            "center_input_sample": False,
            "use_linear_projection": False,
            "use_first_frame": False,
            "use_relative_position": False,
        },
    )
