"""Published names of AnimeInterp (`anime_interp_full.ckpt`) → ours.

The flow's names are RAFT's. The grid of the synthesis network is published as one attribute a node, numbered by row and
column; columns 2 and 3 of the paper's grid do not exist.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.rivals.raft import encoder_rules, update_rules
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {}
"""The published network has no options."""

SIGNATURE = (
    r"flownet\.attention2\.conv1\.weight",
    r"feat_ext\.prelu1\.weight",
    r"synnet\.residual_model_head\.0\.weight",
)

_WEIGHT = r"(weight|bias)"
_UNIT = ("activation1", "conv1", "activation2", "conv2")


def flow_rules(published: str, ours: str) -> tuple[Rule, ...]:
    """Names of the flow network.

    Args:
        published: Regular expression of what stands before the network's own names.
        ours: What stands there in our names.
    """
    return (
        *encoder_rules(rf"{published}fnet\.", f"{ours}encoder."),
        *update_rules(rf"{published}update_block\.", f"{ours}step.", f"{ours}mask."),
        Rule(rf"{published}attention2\.((?:conv[123]|prelu[12])\.(?:weight|bias))", (rf"{ours}gate.\1",)),
    )  # fmt: skip


def _unit_rules(published: str, ours: str, *, first: int = 0) -> list[Rule]:
    """A sequence of activation, convolution, activation, convolution, numbered from `first`."""
    return [
        Rule(rf"synnet\.{published}\.{first + place}\.{_WEIGHT}", (rf"grid.{ours}.{name}.\1",))
        for place, name in enumerate(_UNIT)
    ]


def _grid_rules() -> list[Rule]:
    rules = _unit_rules("residual_model_head", "picture_head")
    rules += _unit_rules("residual_model_tail", "tail")
    for row in range(3):
        rules += _unit_rules(f"residual_model_head{row + 1}", f"feature_heads.{row}")
        for column, ours in {1: "descent", 4: "ascent1", 5: "ascent2"}.items():
            rules += _unit_rules(f"residual_model_{row}{column}", f"{ours}.across.{row}")
    for row in range(2):
        rules += _unit_rules(f"downsample_model_{row + 1}0", f"enter.{row}")
        rules += _unit_rules(f"downsample_model_{row + 1}1", f"descent.down.{row}")
        rules += _unit_rules(f"upsample_model_{row}4", f"ascent1.up.{row}", first=1)
        rules += _unit_rules(f"upsample_model_{row}5", f"ascent2.up.{row}", first=1)
    return rules


KEY_MAP = KeyMap(
    component="AnimeInterp network",
    rules=(
        *flow_rules(r"flownet\.", "flownet."),
        Rule(rf"feat_ext\.conv([1-6])\.{_WEIGHT}", (r"features.conv\1.\2",)),
        Rule(r"feat_ext\.prelu([1-6])\.weight", (r"features.activation\1.weight",)),
        *_grid_rules(),
    ),
)


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments: there are none.

    Raises:
        CheckpointError: The section has an option.
    """
    return translate_section(
        section, component="AnimeInterp network", sizes={}, options={}, fixed={}
    )
