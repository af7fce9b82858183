"""The RIFE networks against the published ones: names, shapes and every block's numbers, weights and pictures by rule."""

import pytest
import torch

from tests.parity.goldens import build_filled, converted_shapes, state_shapes
from tests.parity.rivals import (
    assert_near,
    image,
    map_tolerance,
    published_rival,
    recorded,
    scaled_fill,
)
from toontween.checkpoints.maps.rivals.rife import (
    CLASS_PATHS,
    KEY_MAPS,
    PUBLISHED,
    config_from_original,
    variant_of,
)
from toontween.errors import CheckpointError
from toontween.interpolators.learned.rife.paper import RifeNet
from toontween.interpolators.learned.rife.practical import PracticalRifeNet
from toontween.registry import Registry

STORED_AS = {"rife": "rife", "rife-m": "rife_m", "rife-4.6": "rife4.6", "rife-4.25": "rife4.25"}
NUM_TENSORS = {"rife": 190, "rife-m": 190, "rife-4.6": 120, "rife-4.25": 158}
SIZES = {"rife": (64, 96), "rife-m": (64, 96), "rife-4.6": (64, 96), "rife-4.25": (64, 128)}
FLOW_TOLERANCE, OUT_TOLERANCE = 5e-4, 1e-4
PAPER_SCALES = ((r"block.*lastconv\.", 0.3), (r"unet\.conv\.", 0.3))
CLASSES = Registry("variant", dict(CLASS_PATHS))


def build(variant: str) -> RifeNet | PracticalRifeNet:
    return CLASSES.load(variant)(**config_from_original(PUBLISHED[variant]))


def filled(variant: str) -> torch.nn.Module:
    network = build_filled(
        lambda: build(variant),
        key_map=KEY_MAPS[variant],
        names=published_rival("rife", STORED_AS[variant]),
        fill=scaled_fill(PAPER_SCALES if variant in ("rife", "rife-m") else ()),
        prefix="module.",
    )
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module", params=["rife", "rife-m"])
def paper(request) -> tuple[str, RifeNet]:
    network = filled(request.param)
    assert isinstance(network, RifeNet)
    return request.param, network


@pytest.fixture(scope="module", params=["rife-4.6", "rife-4.25"])
def practical(request) -> tuple[str, PracticalRifeNet]:
    network = filled(request.param)
    assert isinstance(network, PracticalRifeNet)
    return request.param, network


def pictures(variant: str) -> list[torch.Tensor]:
    return [image(f"rv_rife_{number}", *SIZES[variant]) for number in (0, 1)]


def entries(variant: str, percent: int):
    start = f"{STORED_AS[variant]}_t{percent}_"
    return {k.removeprefix(start): v for k, v in recorded("rife").items() if k.startswith(start)}


@pytest.mark.parametrize("variant", PUBLISHED)
def test_names_and_shapes_are_complete_in_both_directions(variant):
    names = published_rival("rife", STORED_AS[variant])
    with torch.device("meta"):
        network = build(variant)
    assert len(names) == NUM_TENSORS[variant]
    assert converted_shapes(KEY_MAPS[variant], names) == state_shapes(network)


@pytest.mark.parametrize("variant", PUBLISHED)
def test_only_what_teaches_in_training_is_left_out(variant):
    names = published_rival("rife", STORED_AS[variant])
    extra = ["teacher.conv0.0.0.weight", "caltime.0.bias"] if variant == "rife-4.25" else []
    _, unused = KEY_MAPS[variant].plan([*names, *extra])
    assert unused == [name for name in names if name.startswith("block_tea.")] + extra


@pytest.mark.parametrize("variant", PUBLISHED)
def test_a_variant_is_told_by_its_shapes(variant):
    assert variant_of(published_rival("rife", STORED_AS[variant])) == variant


@pytest.mark.parametrize(
    "change", [{"block0.conv0.0.0.weight": (96, 11)}, {"block5.conv0.0.0.weight": (8, 28)}]
)
def test_an_unknown_variant_is_named(change):
    shapes = published_rival("rife", "rife4.25") | change
    with pytest.raises(CheckpointError, match=r"blocks, the first convolution has"):
        variant_of(shapes)


def test_the_papers_flow_mask_and_context_are_the_published_ones(paper):
    variant, network = paper
    first, last = pictures(variant)
    for percent in (50, 25) if variant == "rife-m" else (50,):
        wanted = entries(variant, percent)
        motions = network.estimate(first, last, percent / 100)
        for level, motion in enumerate(motions):
            assert_near(motion.flow[..., ::4, ::4], wanted[f"flow{level}"], FLOW_TOLERANCE)
        assert_near(motions[-1].mask.sigmoid()[..., ::3, ::3], wanted["mask"], OUT_TOLERANCE)
        assert_near(motions[0].blend()[..., ::3, ::3], wanted["merged0"], OUT_TOLERANCE)
        correction = network.correct(first, last, motions[-1])
        assert_near(correction[..., ::3, ::3], wanted["res"], OUT_TOLERANCE)
        if percent == 50:
            contexts = network.context(first, motions[-1].flow[:, :2])
            for level, context in enumerate(contexts, start=1):
                entry = wanted[f"ctx0_{level}"]
                assert_near(context[:, ::8], entry, map_tolerance(entry))


def test_the_papers_drawings_are_the_published_ones(paper):
    variant, network = paper
    whole = network(*pictures(variant), 0.5)
    assert_near(whole[..., ::2, ::2], entries(variant, 50)["out"], OUT_TOLERANCE)
    if variant == "rife-m":
        quarter = network(*pictures(variant), 0.25)
        assert_near(quarter[..., ::3, ::3], entries(variant, 25)["out"], OUT_TOLERANCE)


def test_the_practical_flows_and_masks_are_the_published_ones(practical):
    variant, network = practical
    first, last = (network.describe(picture) for picture in pictures(variant))
    for percent in (50, 25):
        wanted = entries(variant, percent)
        motions = network.estimate(first, last, percent / 100)
        assert_near(motions[-1].flow[..., ::4, ::4], wanted["flow_last"], FLOW_TOLERANCE)
        assert_near(motions[-1].mask[..., ::4, ::4], wanted["mask_last"], OUT_TOLERANCE)
        before = torch.zeros_like(motions[0].flow)
        for level, motion in enumerate(motions if percent == 50 else []):
            added = (motion.flow - before)[..., ::8, ::8]
            assert_near(added, wanted[f"block{level}_flow"], FLOW_TOLERANCE)
            before = motion.flow


def test_the_practical_drawings_are_the_published_ones(practical):
    variant, network = practical
    for percent, stride in ((50, 2), (25, 3)):
        drawing = network(*pictures(variant), percent / 100)
        wanted = entries(variant, percent)["out"]
        assert_near(drawing[..., ::stride, ::stride], wanted, OUT_TOLERANCE)


def test_learned_features_of_a_picture_are_the_published_ones():
    network = filled("rife-4.25")
    assert isinstance(network, PracticalRifeNet)
    wanted = entries("rife-4.25", 50)
    first, last = (network.describe(picture) for picture in pictures("rife-4.25"))
    assert_near(first[:, 3:, ::4, ::4], wanted["f0"], map_tolerance(wanted["f0"]))
    carried = network.estimate(first, last, 0.5)[0].carried
    assert carried is not None
    assert_near(carried[..., ::8, ::8], wanted["block0_feat"], map_tolerance(wanted["block0_feat"]))
