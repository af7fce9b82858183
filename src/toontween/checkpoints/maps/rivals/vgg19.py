"""Published names of VGG19 as trained on ImageNet (`vgg19-dcbb9e9d.pth`) → ours, up to its fourth stage's first layer.

AnimeInterp's matching looks no deeper; the later layers and the classifier are not needed.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {}
"""The published network has one size only."""

SIGNATURE = (r"features\.5\.weight", r"features\.34\.weight", r"classifier\.6\.bias")
"""Patterns that only this file has a name for, all of them: nets with fewer layers have no 34, those with
normalisation between the layers have no 5."""

_LAYERS = {
    0: "conv1_1",
    2: "conv1_2",
    5: "conv2_1",
    7: "conv2_2",
    10: "conv3_1",
    12: "conv3_2",
    14: "conv3_3",
    16: "conv3_4",
    19: "conv4_1",
}
"""Place in the published sequence → layer; activations and pooling stand between them."""

KEY_MAP = KeyMap(
    component="VGG19",
    rules=tuple(
        Rule(rf"features\.{place}\.(weight|bias)", (rf"{layer}.\1",))
        for place, layer in _LAYERS.items()
    ),
    unused=(r"features\.(21|23|25|28|30|32|34)\.(weight|bias)", r"classifier\.\d\.(weight|bias)"),
)


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments; there are none.

    Raises:
        CheckpointError: The section has entries; they are named.
    """
    return translate_section(section, component="VGG19", sizes={}, options={}, fixed={})
