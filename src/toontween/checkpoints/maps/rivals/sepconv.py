"""Published names of SepConv (`network-l1`, `network-lf`) → ours.

Published levels are counted from 1 at full size; the way up is counted by the level it starts from.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {"channels": [32, 64, 128, 256, 512], "taps": 51}
"""Both published networks; their code has no options, so these are our names."""

_LEAF = r"(weight|bias)"
_LEVELS = 5
_CONVOLUTIONS = {"0": "first", "2": "second", "4": "third"}
_KERNELS = {
    "Vertical1": "vertical_first",
    "Vertical2": "vertical_last",
    "Horizontal1": "horizontal_first",
    "Horizontal2": "horizontal_last",
}


def _rules() -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for place, convolution in _CONVOLUTIONS.items():
        stages = {f"moduleConv{level + 1}": f"encode.{level}" for level in range(_LEVELS)}
        stages |= {f"moduleDeconv{_LEVELS - i}": f"decode.{i}" for i in range(_LEVELS - 1)}
        stages |= {f"module{theirs}": ours for theirs, ours in _KERNELS.items()}
        rules += [
            Rule(rf"{theirs}\.{place}\.{_LEAF}", (rf"{ours}.{convolution}.\1",))
            for theirs, ours in stages.items()
        ]
    rules += [
        Rule(rf"moduleUpsample{_LEVELS - i}\.1\.{_LEAF}", (rf"enlarge.{i}.\1",))
        for i in range(_LEVELS - 1)
    ]
    rules += [
        Rule(rf"module{theirs}\.7\.{_LEAF}", (rf"{ours}.to_taps.\1",))
        for theirs, ours in _KERNELS.items()
    ]
    return tuple(rules)


KEY_MAP = KeyMap(component="SepConv network", rules=_rules())

SIGNATURE: tuple[str, ...] = (
    r"moduleConv1\.0\.weight",
    r"moduleDeconv5\.0\.weight",
    r"moduleVertical1\.7\.weight",
    r"moduleHorizontal2\.7\.weight",
)
"""Names that together tell SepConv from any other file."""


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of the published network.

    Raises:
        CheckpointError: An entry is missing or not known.
    """
    return translate_section(
        section,
        component="SepConv network",
        sizes={"channels": "channels", "taps": "taps"},
        options={},
        fixed={},
    )
