"""Published files of other methods: told by their names, converted whole, and read by the class they become."""

import gzip
import json

import pytest
import torch

from tests.parity.goldens import DATA
from toontween.checkpoints.convert import convert_state_dict, open_checkpoint
from toontween.checkpoints.folder import convert_file
from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import resolve_model, resolve_network
from toontween.checkpoints.maps.rivals.table import RIVALS
from toontween.checkpoints.published.catalogue import MODELS
from toontween.errors import CheckpointError
from toontween.interpolators.learned.phasenet.network import PhaseNet

FILES = {
    "animeinterp": "animeinterp",
    "ssl": "eisai-ssl",
    "dtm": "eisai-dtm",
    "film": "film",
    "rife": "rife",
    "rife_m": "rife-m",
    "rife4.6": "rife-4.6",
    "rife4.25": "rife-4.25",
    "raft_large": "raft",
    "raft_small": "raft-small",
    "sepconv": "sepconv",
    "resepconv": "resepconv",
    "phasenet": "phasenet",
    "flownet": "gmfss-flow",
    "metricnet": "gmfss-metric",
    "feat_ext": "gmfss-features",
    "fusionnet": "gmfss-fusion",
}
"""Name in the lists of published names → what it is converted to."""


def published(name: str, *, device: str = "meta") -> dict[str, torch.Tensor]:
    """Tensors of a published file's names and shapes; on the meta device without memory."""
    for file in DATA.glob("rivals_*.json.gz"):
        lists = json.loads(gzip.decompress(file.read_bytes()))
        if name in lists:
            return {
                key.removeprefix("module."): torch.ones(
                    shape, device=device, dtype=torch.int64 if _counts(key) else torch.float32
                )
                for key, shape in lists[name].items()
            }
    raise AssertionError(name)


def _counts(name: str) -> bool:
    return name.endswith("num_batches_tracked")


@pytest.mark.parametrize(("file", "name"), FILES.items())
def test_a_published_file_is_told_by_its_names_and_converted_whole(file, name):
    converted = convert_state_dict(published(file))
    assert converted.contents is Contents(name)
    assert list(converted.components) == [name]


def test_one_missing_tensor_is_named():
    tensors = published("film")
    del tensors["fuse.output_conv.bias"]
    with pytest.raises(CheckpointError, match=r"lacks 1 tensors: to_rgb\.bias"):
        convert_state_dict(tensors)


def test_every_rival_has_its_contents_and_its_place_in_the_catalogue():
    pulled = {model.contents.value for model in MODELS.values()}
    for name in RIVALS:
        assert Contents(name)
        assert name in pulled


def test_a_converted_file_is_a_folder_that_its_class_reads(tmp_path):
    torch.save({"state_dict": published("phasenet", device="cpu")}, tmp_path / "phase_net.pt")
    convert_file(tmp_path / "phase_net.pt", tmp_path / "phasenet", dtype="fp16")
    assert resolve_model(tmp_path / "phasenet", contents=Contents.PHASENET)
    assert resolve_network(tmp_path / "phasenet", "PhaseNet") == tmp_path / "phasenet"
    network = PhaseNet.from_pretrained(tmp_path / "phasenet")
    kinds = {value.dtype for name, value in network.state_dict().items() if not _counts(name)}
    assert kinds == {torch.float32}  # diffusers' default; the counters are whole numbers still
    with pytest.raises(CheckpointError, match="holds a PhaseNet, not a FilmNet"):
        resolve_network(tmp_path / "phasenet", "FilmNet")


def test_weights_under_any_frameworks_name_are_found(tmp_path):
    small = {"net.0.weight": torch.ones(1)}
    for number, holder in enumerate(("model_state_dict", "ema", "params")):
        path = tmp_path / f"{number}.ckpt"
        torch.save({holder: small, "epoch": 3}, path)
        opened = open_checkpoint(path)
        assert set(opened) == set(small)
        assert opened.set_aside == ("epoch",)
