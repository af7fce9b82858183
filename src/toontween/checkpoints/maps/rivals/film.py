"""Published names of FILM (the PyTorch port's, in which the weights can be had without TensorFlow) → ours.

The port counts flow predictors and fusion stages from coarse to fine; we count all levels from fine to coarse.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {
    "pyramid_levels": 7,
    "fusion_pyramid_levels": 5,
    "specialized_levels": 3,
    "sub_levels": 4,
    "filters": 64,
    "flow_convs": [3, 3, 3, 3],
    "flow_filters": [32, 64, 128, 256],
}
"""The section of all three published networks (L1, VGG and Style)."""

_LEAF = r"(weight|bias)"
_OWN_PREDICTORS, _FUSION_STAGES = 3, 4


def _predictor_rules(path: str, level: int) -> tuple[Rule, ...]:
    ours = rf"predict_flow.{level}"
    return (
        Rule(rf"{path}\._convs\.([012])\.0\.{_LEAF}", (rf"{ours}.see.\1.\2",)),
        Rule(rf"{path}\._convs\.3\.0\.{_LEAF}", (rf"{ours}.reduce.\1",)),
        Rule(rf"{path}\._convs\.4\.0\.{_LEAF}", (rf"{ours}.to_flow.\1",)),
    )


def _rules() -> tuple[Rule, ...]:
    convs = r"extract\.extract_sublevels\.convs\.(\d)"
    rules = [
        Rule(rf"{convs}\.0\.0\.{_LEAF}", (r"describe.\1.first.\2",)),
        Rule(rf"{convs}\.1\.0\.{_LEAF}", (r"describe.\1.second.\2",)),
        Rule(rf"fuse\.output_conv\.{_LEAF}", (r"to_rgb.\1",)),
        *_predictor_rules(r"predict_flow\._predictor", _OWN_PREDICTORS),
    ]
    for number in range(_OWN_PREDICTORS):
        path = rf"predict_flow\._predictors\.{number}"
        rules += _predictor_rules(path, _OWN_PREDICTORS - 1 - number)
    for number in range(_FUSION_STAGES):
        path, ours = rf"fuse\.convs\.{number}", rf"fuse.{_FUSION_STAGES - 1 - number}"
        rules += [
            Rule(rf"{path}\.0\.0\.{_LEAF}", (rf"{ours}.enlarge.\1",)),
            Rule(rf"{path}\.1\.0\.{_LEAF}", (rf"{ours}.mix.first.\1",)),
            Rule(rf"{path}\.2\.0\.{_LEAF}", (rf"{ours}.mix.second.\1",)),
        ]
    return tuple(rules)


KEY_MAP = KeyMap(component="FILM network", rules=_rules())

SIGNATURE: tuple[str, ...] = (
    r"extract\.extract_sublevels\.convs\.0\.0\.0\.weight",
    r"predict_flow\._predictor\._convs\.4\.0\.weight",
    r"fuse\.output_conv\.weight",
)
"""Names that together tell FILM from any other file."""


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments from the options under which the published network is built.

    Raises:
        CheckpointError: An option asks for something that this network cannot be; it is named.
    """
    return translate_section(
        section,
        component="FILM network",
        sizes={
            "pyramid_levels": "pyramid_levels",
            "fusion_pyramid_levels": "fusion_levels",
            "sub_levels": "sub_levels",
            "filters": "base_channels",
            "flow_filters": "flow_channels",
        },
        options={},
        fixed={"specialized_levels": 3, "flow_convs": [3, 3, 3, 3]},
    )
