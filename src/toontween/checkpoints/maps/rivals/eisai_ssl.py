"""Published names of EISAI's first network (`ssl.pt`) → ours."""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {}
"""The network has one size only."""

SIGNATURE = (
    r"feature_extractor\.layer1\.0\.conv1\.weight",
    r"gridnet_converter\.nets\.2\.1\.weight",
    r"gridnet\.encoders\.0\.downsample_12\.net\.4\.weight",
    r"synthesizer\.net\.6\.1\.weight",
)
"""Patterns that only this file has a name for, each."""

_LEAF = r"(weight|bias|running_mean|running_var|num_batches_tracked)"


def _activated(source: str, target: str, *, start: int = 0) -> tuple[Rule, ...]:
    """Activation, convolution and norm, numbered from `start` in a published sequence."""
    parts = enumerate(("activation", "conv", "norm"), start=start)
    return tuple(
        Rule(rf"{source}\.{number}\.{_LEAF}", (rf"{target}.{part}.\1",)) for number, part in parts
    )


def _pair(source: str, target: str, *, start: int = 0) -> tuple[Rule, ...]:
    """Two of them in one sequence."""
    return (
        *_activated(source, f"{target}.first", start=start),
        *_activated(source, f"{target}.second", start=start + 3),
    )


def _rules() -> tuple[Rule, ...]:
    rules = [Rule(r"feature_extractor\.(.+)", (r"stem.\1",))]
    for row in range(3):
        rules += _activated(rf"gridnet_converter\.nets\.{row}", f"converter.{row}")
        for published, ours in (("encoders", "encode"), ("decoders", "decode")):
            rules += _pair(rf"gridnet\.{published}\.0\.resnet_{row}\.net", f"grid.{ours}.{row}")
    for row in range(2):
        down = rf"gridnet\.encoders\.0\.downsample_{row}{row + 1}\.net"
        up = rf"gridnet\.decoders\.0\.upsample_{row + 1}{row}\.net"
        rules += _pair(down, f"grid.down.{row}")
        rules += _pair(up, f"grid.up.{row}", start=1)
        rules += _activated(rf"synthesizer\.net\.{2 * row + 2}", f"synthesizer.narrow.{row}")
    for level in range(3):
        rules += _pair(rf"synthesizer\.net\.{2 * level + 1}\.net", f"synthesizer.residual.{level}")
    rules.append(Rule(rf"synthesizer\.net\.0\.{_LEAF}", (r"synthesizer.entry.\1",)))
    rules += _activated(r"synthesizer\.net\.6", "synthesizer.last")
    return tuple(rules)


KEY_MAP = KeyMap(component="EISAI synthesis", rules=_rules())


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments; there are none.

    Raises:
        CheckpointError: The section has entries; they are named.
    """
    return translate_section(section, component="EISAI synthesis", sizes={}, options={}, fixed={})
