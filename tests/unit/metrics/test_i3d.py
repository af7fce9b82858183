"""Golden values: logits of the TF-Hub graph in TensorFlow 2.19 with variables by name (`data/i3d.json`)."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.metrics.seeded_i3d import seeded_i3d
from tests.unit.metrics.toon_frames import toon_clip
from toontween.errors import ShapeError
from toontween.metrics.video.i3d import I3D, pad_same
from toontween.metrics.video.names import graph_to_port, port_to_graph
from toontween.metrics.video.resize import Resize, resize_frames

DATA = Path(__file__).parent / "data"
LOGITS = json.loads((DATA / "i3d.json").read_text())["i3d"]
NAMES = json.loads(gzip.decompress((DATA / "i3d_names.json.gz").read_bytes()))

CASES = {
    "9 frames": ("tf_graph_logits_T9", (9, 64, 96), 1, Resize.STRETCH),
    "10 frames": ("tf_graph_logits_T10", (10, 64, 96), 1, Resize.STRETCH),
    "16 frames": ("tf_graph_logits_half_pixel_resize", (16, 64, 96), 0, Resize.STRETCH),
    "16 frames resized as TensorFlow 1 does": (
        "tf_graph_logits_tf1_legacy_resize",
        (16, 64, 96),
        0,
        Resize.TF1_STRETCH,
    ),
    "32 frames": ("tf_graph_logits_T32", (32, 64, 96), 1, Resize.STRETCH),
}
SLOW = {"10 frames", "16 frames", "32 frames"}


@pytest.fixture(scope="module")
def network() -> I3D:
    return seeded_i3d()


def logits_of(network: I3D, case) -> tuple[np.ndarray, dict]:
    golden, size, seed, rule = case
    frames = torch.from_numpy(toon_clip(*size, seed=seed)).permute(0, 3, 1, 2).float() / 255
    clip = resize_frames(frames, rule).permute(1, 0, 2, 3) * 2 - 1
    with torch.inference_mode():
        return network(clip[None])[0].numpy(), LOGITS[golden]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=pytest.mark.slow if name in SLOW else ())
        for name, case in CASES.items()
    ],
)
def test_logits_are_those_of_the_published_graph(network, case):
    logits, golden = logits_of(network, case)
    first = np.array(golden["first8"])
    assert np.linalg.norm(logits[:8] - first) < 1e-5 * np.linalg.norm(first)
    assert np.linalg.norm(logits) == pytest.approx(golden["norm"], rel=1e-5)
    if "sum" in golden:
        assert logits.sum() == pytest.approx(golden["sum"], rel=1e-3)
        assert logits.argmax() == golden["argmax"]


def test_the_eps_of_the_port_is_a_hundredth_off():
    logits, golden = logits_of(seeded_i3d(eps=1e-5), CASES["9 frames"])
    assert np.linalg.norm(logits) / golden["norm"] - 1 == pytest.approx(0.0124, abs=2e-4)


def test_the_names_and_shapes_are_the_published_ones():
    ours = {name: list(tensor.shape) for name, tensor in I3D().state_dict().items()}
    assert ours == {name: published["shape"] for name, published in NAMES.items()}


def test_every_name_of_the_port_has_its_variable_of_the_graph():
    assert {name: port_to_graph(name) for name in NAMES} == {
        name: published["tf"] for name, published in NAMES.items()
    }


def test_every_variable_of_the_graph_has_its_name_in_the_port():
    variables = [published["tf"] for published in NAMES.values() if published["tf"]]
    assert len(variables) == 230
    assert all(port_to_graph(graph_to_port(name)) == name for name in variables)


@pytest.mark.parametrize("frames", [0, 1, 8])
def test_a_clip_too_short_for_a_single_time_step_is_refused_with_its_length(frames):
    with pytest.raises(ShapeError, match=f"{frames} frames; I3D needs 9"):
        I3D()(torch.zeros(1, 3, frames, 224, 224))


@pytest.mark.parametrize("shape", [(1, 3, 9, 128, 224), (1, 1, 9, 224, 224)])
def test_frames_of_another_size_are_refused(shape):
    with pytest.raises(ShapeError, match="224×224"):
        I3D()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "before", "after"),
    [(224, 7, 2, 2, 3), (9, 7, 2, 3, 3), (5, 3, 2, 1, 1), (14, 2, 2, 0, 0), (8, 3, 1, 1, 1)],
)
def test_padding_is_just_enough_and_the_odd_one_is_at_the_end(size, kernel, stride, before, after):
    padded = pad_same(torch.ones(1, 1, size, 1, 1), (kernel, 1, 1), (stride, 1, 1)).flatten()
    expected = torch.cat([torch.zeros(before), torch.ones(size), torch.zeros(after)])
    assert torch.equal(padded, expected)
