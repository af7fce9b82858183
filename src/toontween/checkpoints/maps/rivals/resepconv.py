"""Published names of reSepConv (`network-paper`) → ours.

The published grid has one column down and one column up; in the latter, rows are counted from the coarsest on.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {"channels": [32, 64, 128, 256, 512], "taps": 51}
"""The published network; its code has no options that change it, so these are our names."""

_LEAF = r"(weight|bias)"
_ROWS = 5
_KERNELS = {
    "Verone": "vertical_first",
    "Vertwo": "vertical_last",
    "Horone": "horizontal_first",
    "Hortwo": "horizontal_last",
}


def _block_rules(path: str, ours: str, *, second: int) -> tuple[Rule, ...]:
    """A block of slope, convolution, slope, convolution; an enlargement before the first one shifts what follows."""
    return (
        Rule(rf"{path}\.netMain\.0\.weight", (f"{ours}.first_slope.weight",)),
        Rule(rf"{path}\.netMain\.{second - 1}\.{_LEAF}", (rf"{ours}.first.\1",)),
        Rule(rf"{path}\.netMain\.{second}\.weight", (f"{ours}.second_slope.weight",)),
        Rule(rf"{path}\.netMain\.{second + 1}\.{_LEAF}", (rf"{ours}.second.\1",)),
    )


def _rules() -> tuple[Rule, ...]:
    rules = [Rule(rf"netInput\.{_LEAF}", (r"describe.\1",))]
    for row in range(1, _ROWS):
        rules += _block_rules(rf"netEncode\.0\.netVer\.{row}", f"lower.{row - 1}", second=2)
        rules += _block_rules(rf"netDecode\.0\.netHor\.{row - 1}", f"across.{row - 1}", second=2)
    for row in range(1, _ROWS - 1):
        rules += _block_rules(rf"netDecode\.0\.netVer\.{row}", f"rise.{row - 1}", second=3)
    for theirs, ours in _KERNELS.items():
        path = rf"net{theirs}\.netMain"
        rules += [
            Rule(rf"{path}\.1\.{_LEAF}", (rf"{ours}.first.\1",)),
            Rule(rf"{path}\.2\.weight", (f"{ours}.slope.weight",)),
            Rule(rf"{path}\.3\.{_LEAF}", (rf"{ours}.to_taps.\1",)),
        ]
    return tuple(rules)


KEY_MAP = KeyMap(component="reSepConv network", rules=_rules())

SIGNATURE: tuple[str, ...] = (
    r"netInput\.weight",
    r"netEncode\.0\.netVer\.4\.netMain\.3\.weight",
    r"netVerone\.netMain\.3\.weight",
    r"netHortwo\.netMain\.3\.weight",
)
"""Names that together tell reSepConv from any other file."""


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of the published network.

    Raises:
        CheckpointError: An entry is missing or not known.
    """
    return translate_section(
        section,
        component="reSepConv network",
        sizes={"channels": "channels", "taps": "taps"},
        options={},
        fixed={},
    )
