"""Published names of the line extractor (Anime2Sketch's "default" network) → ours.

The published U-Net is a nest of sequences: each level's module holds the next deeper one, so names grow with depth.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {"input_nc": 3, "output_nc": 1, "num_downs": 8, "ngf": 64}
"""The section of the published network."""

_MOST_LEVELS = 8


def _rules() -> tuple[Rule, ...]:
    # a level's sequence: activation, convolution, norm, the deeper level, activation, convolution, norm;
    # the outermost lacks the first activation and norm, the innermost has no deeper level
    rules: list[Rule] = []
    path = r"(?:module\.)?model\.model"
    for level in range(_MOST_LEVELS):
        down, deeper, ups = ("0", "1", "3") if level == 0 else ("1", "3", "3|5")
        rules.append(Rule(rf"{path}\.{down}\.(weight|bias)", (rf"down.{level}.\1",)))
        rules.append(Rule(rf"{path}\.(?:{ups})\.(weight|bias)", (rf"up.{level}.\1",)))
        path = rf"{path}\.{deeper}\.model"
    return tuple(rules)


KEY_MAP = KeyMap(component="line extractor", rules=_rules())


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments from the options under which the published network is built.

    Raises:
        CheckpointError: An option asks for something that this network cannot be; it is named.
    """
    return translate_section(
        section,
        component="line extractor",
        sizes={"num_downs": "num_downs", "ngf": "base_channels"},
        options={},
        fixed={"input_nc": 3, "output_nc": 1, "norm": "instance", "use_dropout": False},
    )
