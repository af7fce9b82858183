"""Published names of EISAI's second network (`dtm.pt`) → ours."""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {}
"""The network has one size only."""

SIGNATURE = (r"net_nedt\.net\.7\.weight", r"net_tail\.net\.10\.weight")
"""Patterns that only this file has a name for, each."""

_LEAF = r"(weight|bias|running_mean|running_var|num_batches_tracked)"

_PARTS = {
    r"net_nedt\.net": ("distance_in", "distance_middle", "distance_out"),
    r"net_tail\.net": ("colour_in", "colour_middle.0", "colour_middle.1", "colour_out"),
}
"""Published sequence → what stands in it, three numbers each: activation, convolution, norm (not after the last)."""


def _rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(rf"{sequence}\.{3 * place + step}\.{_LEAF}", (rf"{target}.{part}.\1",))
        for sequence, targets in _PARTS.items()
        for place, target in enumerate(targets)
        for step, part in enumerate(("activation", "conv", "norm"))
    )


KEY_MAP = KeyMap(component="EISAI refinement", rules=_rules())


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments; there are none.

    Raises:
        CheckpointError: The section has entries; they are named.
    """
    return translate_section(section, component="EISAI refinement", sizes={}, options={}, fixed={})
