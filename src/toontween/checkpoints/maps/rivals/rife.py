"""Published names of the RIFE networks → ours.

The paper's network and RIFE_m have the same names and differ in shape only; so do 4.25 and 4.26, which are one graph. Blocks
that only teach the others in training lie in some of the published files and are not needed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section
from toontween.errors import CheckpointError

PREFIX = ""

PUBLISHED: Mapping[str, dict[str, Any]] = {
    "rife": {"reads_time": False, "widths": [240, 150, 90], "context_channels": 16},
    "rife-m": {"reads_time": True, "widths": [240, 150, 90], "context_channels": 16},
    "rife-4.6": {"widths": [192, 128, 96, 64], "encoded_channels": 0, "carried_channels": 0},
    "rife-4.25": {"widths": [192, 128, 96, 64, 32], "encoded_channels": 4, "carried_channels": 8},
}
"""Variant → section. The published files have none: these are the options that tell the networks apart."""

_LEAF = r"(weight|bias)"


def _paper_rules() -> tuple[Rule, ...]:
    rules = [
        Rule(rf"block(\d)\.lastconv\.{_LEAF}", (r"blocks.\1.to_motion.\2",)),
        Rule(rf"unet\.conv\.{_LEAF}", (r"refinement.to_rgb.\1",)),
    ]
    nests = (
        (r"block(\d)\.conv0\.(\d)", r"blocks.\1.shrink.\2", 2),
        (r"block(\d)\.convblock\.(\d)", r"blocks.\1.body.\2", 2),
        (r"unet\.down(\d)\.conv1", r"refinement.down.\1.first", 1),
        (r"unet\.down(\d)\.conv2", r"refinement.down.\1.second", 1),
        (r"unet\.up(\d)", r"refinement.up.\1", 1),
    )
    for theirs, ours, groups in nests:
        rules += _with_slope(theirs, ours, groups)
    for level in range(4):
        context = rf"contextnet\.conv{level + 1}"
        rules += _with_slope(rf"{context}\.conv1", f"context.levels.{level}.first", 0)
        rules += _with_slope(rf"{context}\.conv2", f"context.levels.{level}.second", 0)
    return tuple(rules)


def _with_slope(theirs: str, ours: str, groups: int) -> list[Rule]:
    """A published convolution (number 0) and the slopes of its ReLU (number 1)."""
    convolution = rf"{ours}.convolution.\{groups + 1}"
    return [
        Rule(rf"{theirs}\.0\.{_LEAF}", (convolution,)),
        Rule(rf"{theirs}\.1\.weight", (f"{ours}.slope",)),
    ]


_BLOCK_RULES = (
    Rule(rf"block(\d)\.conv0\.(\d)\.0\.{_LEAF}", (r"blocks.\1.shrink.\2.\3",)),
    Rule(rf"block(\d)\.convblock\.(\d)\.conv\.{_LEAF}", (r"blocks.\1.body.\2.convolution.\3",)),
    Rule(r"block(\d)\.convblock\.(\d)\.beta", (r"blocks.\1.body.\2.scale",)),
    Rule(rf"block(\d)\.lastconv\.0\.{_LEAF}", (r"blocks.\1.to_motion.\2",)),
)
_ENCODER_RULES = tuple(
    Rule(rf"encode\.cnn{number}\.{_LEAF}", (rf"encoder.{layer}.\1",))
    for number, layer in enumerate(("shrink", "first", "second", "enlarge"))
)
_ONLY_FOR_TRAINING = (r"block_tea\..*", r"teacher\..*", r"caltime\..*")

_PAPER = KeyMap(component="RIFE network", rules=_paper_rules(), unused=_ONLY_FOR_TRAINING)

KEY_MAPS: Mapping[str, KeyMap] = {
    "rife": _PAPER,
    "rife-m": _PAPER,
    "rife-4.6": KeyMap(component="RIFE 4.6 network", rules=_BLOCK_RULES, unused=_ONLY_FOR_TRAINING),
    "rife-4.25": KeyMap(
        component="RIFE 4.25 network",
        rules=(*_BLOCK_RULES, *_ENCODER_RULES),
        unused=_ONLY_FOR_TRAINING,
    ),
}
"""Variant → key map."""

CLASS_PATHS: Mapping[str, str] = {
    "rife": "toontween.interpolators.learned.rife.paper:RifeNet",
    "rife-m": "toontween.interpolators.learned.rife.paper:RifeNet",
    "rife-4.6": "toontween.interpolators.learned.rife.practical:PracticalRifeNet",
    "rife-4.25": "toontween.interpolators.learned.rife.practical:PracticalRifeNet",
}
"""Variant → "module:Class"."""

_PAPER_SIGNATURE = (r"block0\.conv0\.0\.1\.weight", r"contextnet\.conv1\.conv1\.0\.weight")
_PRACTICAL_SIGNATURE = (r"block0\.convblock\.0\.beta", r"block3\.lastconv\.0\.weight")

SIGNATURES: Mapping[str, tuple[str, ...]] = {
    "rife": _PAPER_SIGNATURE,
    "rife-m": _PAPER_SIGNATURE,
    "rife-4.6": _PRACTICAL_SIGNATURE,
    "rife-4.25": (*_PRACTICAL_SIGNATURE, r"encode\.cnn3\.weight", r"block4\.lastconv\.0\.weight"),
}
"""Variant → names that tell RIFE from any other file; `variant_of` tells which RIFE it is."""

_BY_FIRST_SHAPE: Mapping[tuple[int, int, int], str] = {
    (120, 6, 3): "rife",
    (120, 7, 3): "rife-m",
    (96, 7, 4): "rife-4.6",
    (96, 15, 5): "rife-4.25",
}


def variant_of(shapes: Mapping[str, Sequence[int]]) -> str:
    """Which RIFE network a table of names (without `module.`) and shapes is: a key of `PUBLISHED`.

    Told by channels out of and into the first convolution, and by the number of blocks.

    Raises:
        CheckpointError: It is another RIFE network than those known, such as 4.22.
    """
    shape = tuple(shapes.get("block0.conv0.0.0.weight", (0, 0)))[:2]
    num_blocks = sum(f"block{number}.conv0.0.0.weight" in shapes for number in range(9))
    variant = _BY_FIRST_SHAPE.get((shape[0], shape[1], num_blocks))
    if variant is None:
        raise CheckpointError(
            f"it is no RIFE network that is known here: {num_blocks} blocks, the first convolution "
            f"has {shape[1]} channels in and {shape[0]} out",
            hint="known are RIFE and RIFE_m of the paper, and 4.6, 4.25 and 4.26",
        )
    return variant


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of a variant's section.

    Raises:
        CheckpointError: An option is missing or unknown; it is named.
    """
    if "reads_time" in section:
        names = ("reads_time", "widths", "context_channels")
    else:
        names = ("widths", "encoded_channels", "carried_channels")
    return translate_section(
        section,
        component="RIFE network",
        sizes=dict(zip(names, names, strict=True)),
        options={},
        fixed={},
    )
