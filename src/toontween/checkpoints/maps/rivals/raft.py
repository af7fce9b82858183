"""Published names of RAFT, the large network, → ours; in both namings: the authors' (princeton-vl) and torchvision's.

The networks are the same. Where a unit of the context encoder halves the size, the authors' file lists one
normalisation twice, as `norm3` and as `downsample.1`.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

PUBLISHED: dict[str, Any] = {"small": False}
"""The section of the published network."""

SIGNATURE = (r"(cnet|context_encoder)\..*", r"(update_block\.mask\.2|mask_predictor\.conv)\..*")

_NORM = r"(weight|bias|running_mean|running_var|num_batches_tracked)"
_WEIGHT = r"(weight|bias)"


def encoder_rules(published: str, ours: str) -> tuple[Rule, ...]:
    """Names of an encoder in the authors' naming, which AnimeInterp's flow has as well.

    Args:
        published: Regular expression of what stands before the encoder's own names.
        ours: What stands there in our names.
    """
    rules = [
        Rule(rf"{published}conv1\.{_WEIGHT}", (rf"{ours}stem.\1",)),
        Rule(rf"{published}norm1\.{_NORM}", (rf"{ours}stem_norm.\1",)),
        Rule(rf"{published}conv2\.{_WEIGHT}", (rf"{ours}out.\1",)),
    ]
    for layer in (1, 2, 3):
        for part in (0, 1):
            theirs, unit = (
                rf"{published}layer{layer}\.{part}\.",
                f"{ours}units.{2 * layer - 2 + part}",
            )
            rules += [
                Rule(rf"{theirs}(conv[123])\.{_WEIGHT}", (rf"{unit}.\1.\2",)),
                Rule(rf"{theirs}(norm[12])\.{_NORM}", (rf"{unit}.\1.\2",)),
                Rule(rf"{theirs}downsample\.0\.{_WEIGHT}", (rf"{unit}.skip.\1",)),
                Rule(rf"{theirs}downsample\.1\.{_NORM}", (rf"{unit}.skip_norm.\1",)),
            ]
    return tuple(rules)


def update_rules(published: str, update: str, mask: str) -> tuple[Rule, ...]:
    """Names of an update block in the authors' naming, which AnimeInterp's flow has as well.

    Args:
        published: Regular expression of what stands before the block's own names.
        update: What stands before our update block's names.
        mask: What stands before our upsampling weights' names.
    """
    rules = [
        Rule(
            rf"{published}encoder\.convc([12])\.{_WEIGHT}", (rf"{update}motion.correlation\1.\2",)
        ),
        Rule(rf"{published}encoder\.convf([12])\.{_WEIGHT}", (rf"{update}motion.flow\1.\2",)),
        Rule(rf"{published}encoder\.conv\.{_WEIGHT}", (rf"{update}motion.merge.\1",)),
        Rule(rf"{published}flow_head\.(conv[12])\.{_WEIGHT}", (rf"{update}flow_head.\1.\2",)),
        Rule(rf"{published}mask\.0\.{_WEIGHT}", (rf"{mask}conv1.\1",)),
        Rule(rf"{published}mask\.2\.{_WEIGHT}", (rf"{mask}conv2.\1",)),
    ]
    for gate, name in _GATES.items():
        for number, unit in {"1?": 0, "2": 1}.items():
            theirs = rf"{published}gru\.conv{gate}{number}\.{_WEIGHT}"
            rules.append(Rule(theirs, (rf"{update}recurrence.{unit}.{name}.\1",)))
    return tuple(rules)


_GATES = {"z": "update", "r": "reset", "q": "candidate"}


def _torchvision_encoder_rules(published: str, ours: str) -> tuple[Rule, ...]:
    rules = [
        Rule(rf"{published}convnormrelu\.0\.{_WEIGHT}", (rf"{ours}stem.\1",)),
        Rule(rf"{published}convnormrelu\.1\.{_NORM}", (rf"{ours}stem_norm.\1",)),
        Rule(rf"{published}conv\.{_WEIGHT}", (rf"{ours}out.\1",)),
    ]
    for layer in (1, 2, 3):
        for part in (0, 1):
            theirs, unit = (
                rf"{published}layer{layer}\.{part}\.",
                f"{ours}units.{2 * layer - 2 + part}",
            )
            rules += [
                Rule(rf"{theirs}convnormrelu([123])\.0\.{_WEIGHT}", (rf"{unit}.conv\1.\2",)),
                Rule(rf"{theirs}convnormrelu([12])\.1\.{_NORM}", (rf"{unit}.norm\1.\2",)),
                Rule(rf"{theirs}downsample\.0\.{_WEIGHT}", (rf"{unit}.skip.\1",)),
                Rule(rf"{theirs}downsample\.1\.{_NORM}", (rf"{unit}.skip_norm.\1",)),
            ]
    return tuple(rules)


def _torchvision_update_rules() -> tuple[Rule, ...]:
    block = r"update_block\."
    rules = [
        Rule(rf"{block}motion_encoder\.convcorr([12])\.0\.{_WEIGHT}", (r"step.motion.correlation\1.\2",)),
        Rule(rf"{block}motion_encoder\.convflow([12])\.0\.{_WEIGHT}", (r"step.motion.flow\1.\2",)),
        Rule(rf"{block}motion_encoder\.conv\.0\.{_WEIGHT}", (r"step.motion.merge.\1",)),
        Rule(rf"{block}flow_head\.(conv[12])\.{_WEIGHT}", (r"step.flow_head.\1.\2",)),
        Rule(rf"mask_predictor\.convrelu\.0\.{_WEIGHT}", (r"mask.conv1.\1",)),
        Rule(rf"mask_predictor\.conv\.{_WEIGHT}", (r"mask.conv2.\1",)),
    ]  # fmt: skip
    for gate, name in _GATES.items():
        for unit in (0, 1):
            theirs = rf"{block}recurrent_block\.convgru{unit + 1}\.conv{gate}\.{_WEIGHT}"
            rules.append(Rule(theirs, (rf"step.recurrence.{unit}.{name}.\1",)))
    return tuple(rules)


KEY_MAP = KeyMap(
    component="RAFT optical flow",
    rules=(
        *encoder_rules(r"fnet\.", "features."),
        *encoder_rules(r"cnet\.", "context."),
        *update_rules(r"update_block\.", "step.", "mask."),
        *_torchvision_encoder_rules(r"feature_encoder\.", "features."),
        *_torchvision_encoder_rules(r"context_encoder\.", "context."),
        *_torchvision_update_rules(),
    ),
    unused=(rf"cnet\.layer[23]\.0\.norm3\.{_NORM}",),
)


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments from the authors' options.

    Raises:
        CheckpointError: An option asks for something that this network cannot be; it is named.
    """
    arguments = translate_section(
        section, component="RAFT optical flow", sizes={"small": "size"}, options={}, fixed={}
    )
    return {"size": "small" if arguments["size"] else "large"}
