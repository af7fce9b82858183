"""Published names of GMFSS's networks ("union": `flownet.pkl`, `metric.pkl`, `feat.pkl`, `fusionnet.pkl`) → ours.

Its fifth file, `rife.pkl`, is a RIFE 4.6.
"""

from collections.abc import Mapping
from typing import Any

from toontween.checkpoints.keymap import KeyMap, Rule
from toontween.checkpoints.maps.sections import translate_section

PREFIX = ""

NETWORKS = ("gmfss-flow", "gmfss-metric", "gmfss-features", "gmfss-fusion")

PUBLISHED: Mapping[str, dict[str, Any]] = {name: {} for name in NETWORKS}
"""Network → section; each has one size only."""

_LEAF = r"(weight|bias)"


def _flow_rules() -> list[Rule]:
    rules = [
        Rule(rf"backbone\.conv1\.{_LEAF}", (r"encoder.stem.\1",)),
        Rule(rf"backbone\.conv2\.{_LEAF}", (r"encoder.out.\1",)),
        Rule(r"backbone\.trident_conv\.weight", ("encoder.branch.weight",)),
        Rule(rf"feature_flow_attn\.q_proj\.{_LEAF}", (r"propagation.to_query.\1",)),
        Rule(rf"feature_flow_attn\.k_proj\.{_LEAF}", (r"propagation.to_key.\1",)),
        Rule(rf"upsampler\.0\.{_LEAF}", (r"upsampler_in.\1",)),
        Rule(rf"upsampler\.2\.{_LEAF}", (r"upsampler_out.\1",)),
    ]
    for stage in (1, 2, 3):
        for number in (0, 1):
            theirs, ours = rf"backbone\.layer{stage}\.{number}", f"{2 * (stage - 1) + number}"
            rules += [
                Rule(rf"{theirs}\.conv([12])\.{_LEAF}", (rf"encoder.units.{ours}.conv\1.\2",)),
                Rule(rf"{theirs}\.downsample\.0\.{_LEAF}", (rf"encoder.units.{ours}.skip.\1",)),
            ]
    layer = r"transformer\.layers\.(\d)"
    for theirs, ours in (("self_attn", "own"), ("cross_attn_ffn", "other")):
        for name, target in (
            ("q_proj", "to_query"),
            ("k_proj", "to_key"),
            ("v_proj", "to_value"),
            ("merge", "merge"),
            ("norm1", "norm"),
        ):
            place = rf"transformer.layers.\1.{ours}.{target}.\2"
            rules.append(Rule(rf"{layer}\.{theirs}\.{name}\.{_LEAF}", (place,)))
    for name, target in ((r"mlp\.0", "mlp_in"), (r"mlp\.2", "mlp_out"), ("norm2", "mlp_norm")):
        place = rf"transformer.layers.\1.{target}.\2"
        rules.append(Rule(rf"{layer}\.cross_attn_ffn\.{name}\.{_LEAF}", (place,)))
    return rules


def _metric_rules() -> list[Rule]:
    rules = [
        Rule(rf"metric_in\.{_LEAF}", (r"enter.\1",)),
        Rule(r"metric_out\.0\.weight", ("last_activation.weight",)),
        Rule(rf"metric_out\.1\.{_LEAF}", (r"leave.\1",)),
    ]
    for number in range(3):
        theirs = rf"metric_net{number + 1}"
        rules += [
            Rule(rf"{theirs}\.0\.weight", (f"activations.{number}.weight",)),
            Rule(rf"{theirs}\.1\.{_LEAF}", (rf"body.{number}.\1",)),
        ]
    return rules


def _unit(theirs: str, ours: str) -> list[Rule]:
    """A published sequence of activation, convolution, activation, convolution."""
    parts = ("activation1", "conv1", "activation2", "conv2")
    return [
        Rule(rf"{theirs}\.{number}\.{_LEAF}", (rf"{ours}.{part}.\1",))
        for number, part in enumerate(parts)
    ]


_ROWS = range(3)
_FEATURE_UNITS = {rf"block{level + 1}": f"levels.{level}" for level in _ROWS}
_FUSION_UNITS = {
    r"residual_model_head0": "picture_head",
    **{rf"residual_model_head{row + 1}": f"feature_heads.{row}" for row in _ROWS},
    **{rf"residual_model_{row}1": f"descent.across.{row}" for row in _ROWS},
    **{rf"residual_model_{row}4": f"ascent1.across.{row}" for row in _ROWS},
    **{rf"residual_model_{row}5": f"ascent2.across.{row}" for row in _ROWS},
    **{rf"downsample_model_{row + 1}0": f"enter.{row}" for row in range(2)},
    **{rf"downsample_model_{row + 1}1": f"descent.down.{row}" for row in range(2)},
    **{rf"upsample_model_{row}4": f"ascent1.up.{row}" for row in range(2)},
    **{rf"upsample_model_{row}5": f"ascent2.up.{row}" for row in range(2)},
}
"""Published unit → ours."""

_TAIL = r"residual_model_tail"
_TAIL_RULES = [
    Rule(rf"{_TAIL}\.conv_before_upsample\.0\.{_LEAF}", (r"tail_in.\1",)),
    Rule(rf"{_TAIL}\.conv_before_upsample\.1\.weight", ("tail_activation.weight",)),
    Rule(rf"{_TAIL}\.upsample\.0\.{_LEAF}", (r"tail_up.\1",)),
    Rule(rf"{_TAIL}\.conv_last\.{_LEAF}", (r"tail_out.\1",)),
]


def _units(table: Mapping[str, str]) -> list[Rule]:
    return [rule for theirs, ours in table.items() for rule in _unit(theirs, ours)]


KEY_MAPS: Mapping[str, KeyMap] = {
    "gmfss-flow": KeyMap(component="GMFSS flow network", rules=tuple(_flow_rules())),
    "gmfss-metric": KeyMap(component="GMFSS metric network", rules=tuple(_metric_rules())),
    "gmfss-features": KeyMap(
        component="GMFSS feature network", rules=tuple(_units(_FEATURE_UNITS))
    ),
    "gmfss-fusion": KeyMap(
        component="GMFSS fusion network", rules=(*_units(_FUSION_UNITS), *_TAIL_RULES)
    ),
}
"""Network → key map."""

CLASS_PATHS: Mapping[str, str] = {
    "gmfss-flow": "toontween.interpolators.learned.gmfss.flow:GmFlow",
    "gmfss-metric": "toontween.interpolators.learned.gmfss.metric:MetricNet",
    "gmfss-features": "toontween.interpolators.learned.gmfss.synthesis:FeatureNet",
    "gmfss-fusion": "toontween.interpolators.learned.gmfss.synthesis:FusionNet",
}
"""Network → "module:Class"."""

SIGNATURES: Mapping[str, tuple[str, ...]] = {
    "gmfss-flow": (
        r"backbone\.trident_conv\.weight",
        r"transformer\.layers\.5\.cross_attn_ffn\.mlp\.2\.weight",
        r"feature_flow_attn\.k_proj\.bias",
    ),
    "gmfss-metric": (r"metric_in\.weight", r"metric_net3\.1\.weight", r"metric_out\.1\.bias"),
    "gmfss-features": (r"block1\.0\.weight", r"block1\.3\.weight", r"block3\.3\.bias"),
    "gmfss-fusion": (
        r"residual_model_head3\.3\.weight",
        r"residual_model_tail\.upsample\.0\.weight",
        r"upsample_model_15\.1\.weight",
    ),
}
"""Network → names that tell it from any other file."""


def config_from_original(section: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments; there are none.

    Raises:
        CheckpointError: The section has entries; they are named.
    """
    return translate_section(section, component="GMFSS network", sizes={}, options={}, fixed={})
