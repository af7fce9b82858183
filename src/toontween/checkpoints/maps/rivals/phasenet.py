"""Published names of PhaseNet (`phase_net.pt`) → ours.

Blocks are counted from the low-pass residual on, coarse to fine; the last one serves all finer levels too.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {"num_blocks": 8, "channels": 64, "num_orientations": 4}
"""The published network; its code has no options that change it, so these are our names."""

_BLOCK = r"layers\.(\d+)"
_LEAF = r"(weight|bias)"
_STATISTICS = r"(weight|bias|running_mean|running_var|num_batches_tracked)"

KEY_MAP = KeyMap(
    component="PhaseNet network",
    rules=(
        Rule(rf"{_BLOCK}\.feature_map\.0\.{_LEAF}", (r"blocks.\1.first.\2",)),
        Rule(rf"{_BLOCK}\.feature_map\.1\.{_STATISTICS}", (r"blocks.\1.norm.\2",)),
        Rule(rf"{_BLOCK}\.feature_map\.3\.{_LEAF}", (r"blocks.\1.second.\2",)),
        Rule(rf"{_BLOCK}\.prediction_map\.0\.{_LEAF}", (r"blocks.\1.predict.\2",)),
    ),
)

SIGNATURE: tuple[str, ...] = (
    r"layers\.0\.feature_map\.0\.weight",
    r"layers\.7\.feature_map\.3\.weight",
    r"layers\.7\.prediction_map\.0\.weight",
)
"""Names that together tell PhaseNet from any other file."""


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of the published network.

    Raises:
        CheckpointError: An entry is missing or not known.
    """
    return translate_section(
        section,
        component="PhaseNet network",
        sizes={
            "num_blocks": "num_blocks",
            "channels": "channels",
            "num_orientations": "num_orientations",
        },
        options={},
        fixed={},
    )
