"""The image-context projector's published names and configuration → ours."""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = "image_proj_model."

PUBLISHED: dict[str, Any] = {
    "dim": 1024,
    "depth": 4,
    "dim_head": 64,
    "heads": 12,
    "num_queries": 16,
    "embedding_dim": 1280,
    "output_dim": 1024,
    "ff_mult": 4,
    "video_length": 16,
}
"""The section of the published 512 model."""

_SIZES = {
    "dim": "dim",
    "depth": "depth",
    "dim_head": "head_dim",
    "heads": "num_heads",
    "num_queries": "queries_per_frame",
    "embedding_dim": "input_dim",
    "output_dim": "output_dim",
}
_OPTIONS = {"ff_mult": "ff_mult", "video_length": "num_frames"}


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of `ImageContextProjector` from the published-style section.

    Raises:
        CheckpointError: A size is missing or a setting is not known.
    """
    return translate_section(
        section, component="image projector", sizes=_SIZES, options=_OPTIONS, fixed={}
    )


KEY_MAP = KeyMap(
    "image projector",
    (
        Rule(r"latents", ("queries",)),
        Rule(r"(proj_in|proj_out|norm_out)\.(weight|bias)", (r"\1.\2",)),
        Rule(r"layers\.(\d+)\.0\.(norm[12])\.(weight|bias)", (r"layers.\1.attention.\2.\3",)),
        Rule(r"layers\.(\d+)\.0\.(to_q|to_kv|to_out)\.weight", (r"layers.\1.attention.\2.weight",)),
        Rule(r"layers\.(\d+)\.1\.0\.(weight|bias)", (r"layers.\1.feed_forward.norm.\2",)),
        Rule(r"layers\.(\d+)\.1\.1\.weight", (r"layers.\1.feed_forward.proj_in.weight",)),
        Rule(r"layers\.(\d+)\.1\.3\.weight", (r"layers.\1.feed_forward.proj_out.weight",)),
    ),
)
