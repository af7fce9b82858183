"""Key maps: every name goes somewhere, to one place, and comes back."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from toontween.checkpoints.keymap import KeyMap, Move, Rule
from toontween.errors import CheckpointError

MAP = KeyMap(
    component="part",
    rules=(
        Rule(r"blocks\.(\d+)\.qkv", (r"block\1.q", r"block\1.k", r"block\1.v")),
        Rule(r"blocks\.(\d+)\.conv", (r"block\1.linear",), squeeze=2),
        Rule(r"blocks\.(\d+)\.linear", (r"block\1.conv",), unsqueeze=2),
        Rule(r"blocks\.(\d+)\.(\w+)", (r"block\1.other.\2",)),
    ),
    unused=(r"loss\..*",),
)

numbers = st.integers(0, 99)
leaves = st.sampled_from(["qkv", "conv", "linear", "scale", "shift"])
names = st.builds(lambda number, leaf: f"blocks.{number}.{leaf}", numbers, leaves)
known = st.sets(names, min_size=1, max_size=30)


@given(known)
def test_different_names_never_meet(sources):
    moves, unused = MAP.plan(sources)
    targets = [target for move in moves for target in move.targets]
    assert {move.source for move in moves} == sources
    assert len(targets) == len(set(targets))
    assert unused == []


@given(known)
def test_the_map_is_a_bijection_that_keeps_every_number(sources):
    tensors = {name: torch.arange(6.0).view(6, 1, 1) for name in sources}
    converted = MAP.convert(tensors)
    moves, _ = MAP.plan(sources)
    owner = {target: move.source for move in moves for target in move.targets}
    back: dict[str, list[float]] = {}
    for target, tensor in converted.items():
        back.setdefault(owner[target], []).extend(tensor.flatten().tolist())
    assert back == {name: [0.0, 1.0, 2.0, 3.0, 4.0, 5.0] for name in sources}


@given(known, st.sets(st.text("abc.", min_size=1, max_size=8), min_size=1, max_size=9))
def test_unknown_names_are_refused_and_counted(sources, strangers):
    with pytest.raises(
        CheckpointError, match=f"^{len(strangers)} tensors are not part of the"
    ) as e:
        MAP.plan([*sources, *sorted(strangers)])
    assert all(name in e.value.message for name in sorted(strangers)[:5])
    assert ("…" in e.value.message) == (len(strangers) > 5)


@given(known)
def test_unused_names_are_listed_and_not_loaded(sources):
    tensors = dict.fromkeys([*sources, "loss.logvar"], torch.zeros(6, 1, 1))
    _, unused = MAP.plan(tensors)
    assert unused == ["loss.logvar"]
    assert not any("loss" in name for name in MAP.convert(tensors))


@given(numbers)
def test_two_sources_for_one_target_are_refused(number):
    clumsy = KeyMap("part", (Rule(r"(?:old|new)\.(\d+)", (r"block\1",)),))
    with pytest.raises(CheckpointError, match=f"both become block{number} in the part"):
        clumsy.plan([f"old.{number}", f"new.{number}"])


def test_the_first_matching_rule_decides():
    ordered = KeyMap("part", (Rule(r"a\..*", ("first",)), Rule(r"a\.b", ("second",))))
    assert ordered.plan(["a.b"])[0] == [Move("a.b", ("first",), 0, 0)]


def test_a_rule_matches_whole_names_only():
    with pytest.raises(CheckpointError, match="1 tensors"):
        MAP.plan(["x.blocks.0.qkv"])


def test_shapes_gain_and_lose_trailing_ones():
    tensors = {"blocks.0.conv": torch.zeros(4, 2, 1, 1), "blocks.0.linear": torch.zeros(4, 2)}
    converted = MAP.convert(tensors)
    assert converted["block0.linear"].shape == (4, 2)
    assert converted["block0.conv"].shape == (4, 2, 1, 1)


def test_axes_that_are_not_one_are_not_dropped():
    with pytest.raises(CheckpointError, match=r"blocks\.0\.conv has shape \(4, 2, 3, 3\)"):
        MAP.convert({"blocks.0.conv": torch.zeros(4, 2, 3, 3)})


@pytest.mark.parametrize("shape", [(), (4,), (7, 3)], ids=str)
def test_what_cannot_be_cut_in_three_is_refused(shape):
    with pytest.raises(CheckpointError, match="is not 3 parts"):
        MAP.convert({"blocks.0.qkv": torch.zeros(shape)})


def test_parts_are_views_of_the_source():
    packed = torch.arange(6.0)
    part = MAP.convert({"blocks.0.qkv": packed})["block0.k"]
    packed[2] = 9
    assert part.tolist() == [9, 3]
