"""Converted folders: complete, exact, and never half there."""

import importlib.metadata
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tests.unit.checkpoints.by_rule import TINY
from toontween.checkpoints.convert import convert_state_dict
from toontween.checkpoints.folder import convert_file, write_safetensors
from toontween.checkpoints.manifest import hash_of_folder, read_manifest, record_of, verify_folder
from toontween.errors import CheckpointError, OutputError

TENSORS = {
    "a": torch.arange(6.0).view(2, 3),
    "b.half": torch.tensor(1.5, dtype=torch.float16),
    "c": torch.ones(4, 0),
    "d": torch.arange(9.0).view(3, 3).T.to(torch.bfloat16),
}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_writer_makes_files_that_safetensors_reads(tmp_path):
    record = write_safetensors(tmp_path / "x.safetensors", TENSORS)
    read = load_file(tmp_path / "x.safetensors")
    assert read.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)
    assert record == record_of(tmp_path / "x.safetensors")
    with safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_the_writer_changes_the_type_when_asked(tmp_path):
    write_safetensors(tmp_path / "x.safetensors", TENSORS, dtype=torch.float16)
    assert {tensor.dtype for tensor in load_file(tmp_path / "x.safetensors").values()} == {
        torch.float16
    }


@pytest.mark.parametrize(
    ("value", "why"), [(float("nan"), "is not finite"), (1e6, "overflows torch.float16")]
)
def test_numbers_that_cannot_be_kept_are_refused(tmp_path, value, why):
    with pytest.raises(CheckpointError, match=f"odd {why}"):
        write_safetensors(
            tmp_path / "x.safetensors", {"odd": torch.full((3,), value)}, dtype=torch.float16
        )


def test_a_whole_model_becomes_a_pipeline_folder(tiny_folder, tiny_tensors):
    index = json.loads((tiny_folder / "model_index.json").read_text())
    assert index["_class_name"] == "ToonInterpolationPipeline"
    assert index["unet"] == ["toontween.models.unet", "ToonUNet"]
    assert index["scheduler"] == ["toontween.diffusion.samplers", "ToonDDIMScheduler"]
    assert index["tokenizer"] == [None, None]
    components = convert_state_dict(tiny_tensors, TINY).components
    for name, component in components.items():
        [weights] = (tiny_folder / name).glob("*.safetensors")
        stored = load_file(weights)
        assert stored.keys() == component.tensors.keys()
        assert all(torch.equal(stored[n], t) for n, t in component.tensors.items())
        assert (tiny_folder / name / "config.json").is_file()


def test_the_manifest_tells_where_the_weights_came_from(tiny_folder, tiny_file):
    manifest = read_manifest(tiny_folder)
    assert (manifest.contents, manifest.source, manifest.dtype) == (
        "model",
        "model.ckpt",
        "float32",
    )
    assert manifest.source_record == record_of(tiny_file)
    assert "global_step" in manifest.unused
    assert "cond_stage_model.model.text_projection" in manifest.unused
    assert set(manifest.files) == {
        path.relative_to(tiny_folder).as_posix()
        for path in tiny_folder.rglob("*")
        if path.is_file() and path.name != "toontween.json"
    }
    assert manifest.versions["torch"] == importlib.metadata.version("torch")


def test_a_folder_as_it_was_written_is_intact(tiny_folder):
    assert verify_folder(tiny_folder) == []


def test_half_precision_files_convert_and_keep_their_type(tiny_tensors, tmp_path):
    pruned = {name: tensor.half() for name, tensor in tiny_tensors.items()}
    save_file(pruned, tmp_path / "pruned.safetensors")
    manifest = convert_file(tmp_path / "pruned.safetensors", tmp_path / "out", config=TINY)
    assert manifest.dtype == "float16"
    stored = load_file(tmp_path / "out/vae/diffusion_pytorch_model.safetensors")
    expected = convert_state_dict(pruned, TINY).components["vae"].tensors
    assert all(torch.equal(stored[name], tensor) for name, tensor in expected.items())


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A line extractor, the smallest published file, here smaller still."""
    save_file(LINES, tmp_path / "lines.safetensors")
    return tmp_path / "lines.safetensors"


LINES = {
    "model.model.0.weight": torch.ones(2, 3, 4, 4),
    "model.model.0.bias": torch.ones(2),
    "model.model.1.model.1.weight": torch.ones(4, 2, 4, 4),
    "model.model.1.model.1.bias": torch.ones(4),
    "model.model.1.model.3.weight": torch.ones(4, 2, 4, 4),
    "model.model.1.model.3.bias": torch.ones(2),
    "model.model.3.weight": torch.ones(4, 1, 4, 4),
    "model.model.3.bias": torch.ones(1),
}
SIZES = {"line_extractor": {"num_downs": 2, "ngf": 2}}


def test_a_single_network_becomes_a_folder_of_its_own(small, tmp_path):
    manifest = convert_file(small, tmp_path / "out", config=SIZES, dtype="bf16")
    assert manifest.contents == "line_extractor"
    assert manifest.dtype == "bfloat16"
    assert names_in(tmp_path / "out") == [
        "config.json",
        "diffusion_pytorch_model.safetensors",
        "toontween.json",
    ]
    assert json.loads((tmp_path / "out/config.json").read_text())["_class_name"] == "LineExtractor"


def test_an_existing_folder_is_only_replaced_when_asked(small, tmp_path):
    convert_file(small, tmp_path / "out", config=SIZES)
    with pytest.raises(OutputError, match="exists already"):
        convert_file(small, tmp_path / "out", config=SIZES)
    convert_file(small, tmp_path / "out", config=SIZES, dtype="fp16", overwrite=True)
    assert read_manifest(tmp_path / "out").dtype == "float16"
    assert names_in(tmp_path) == ["lines.safetensors", "out"]


def test_a_folder_of_somebody_elses_is_never_replaced(small, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/drawing.png").touch()
    with pytest.raises(OutputError, match="is not a converted model and is not replaced"):
        convert_file(small, tmp_path / "out", config=SIZES, overwrite=True)
    assert names_in(tmp_path / "out") == ["drawing.png"]


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_conversion_leaves_nothing(small, tmp_path, trouble):
    def stop(what: str, _done: int, _total: int) -> None:
        if what.startswith("writing"):
            raise trouble

    with pytest.raises((KeyboardInterrupt, OutputError)):
        convert_file(small, tmp_path / "out", config=SIZES, progress=stop)
    assert names_in(tmp_path) == ["lines.safetensors"]


def test_an_interrupted_replacement_leaves_the_old_folder(small, tmp_path):
    convert_file(small, tmp_path / "out", config=SIZES)
    before = record_of(tmp_path / "out/toontween.json")

    def stop(what: str, _done: int, _total: int) -> None:
        if what.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_file(small, tmp_path / "out", config=SIZES, overwrite=True, progress=stop)
    assert names_in(tmp_path) == ["lines.safetensors", "out"]
    assert record_of(tmp_path / "out/toontween.json") == before


def test_a_wrong_file_leaves_nothing(tmp_path):
    save_file({"a.lora_up.weight": torch.ones(2)}, tmp_path / "style.safetensors")
    with pytest.raises(CheckpointError, match="a LoRA"):
        convert_file(tmp_path / "style.safetensors", tmp_path / "out")
    assert names_in(tmp_path) == ["style.safetensors"]


def test_a_missing_parent_folder_is_named(small, tmp_path):
    with pytest.raises(OutputError, match=r"the folder .*/nowhere does not exist"):
        convert_file(small, tmp_path / "nowhere/out", config=SIZES)


def test_a_full_disk_is_noticed_before_anything_is_written(small, tmp_path, monkeypatch):
    from shutil import _ntuple_diskusage  # noqa: PLC0415

    monkeypatch.setattr("shutil.disk_usage", lambda _: _ntuple_diskusage(10, 10, 0))
    with pytest.raises(OutputError, match="are free"):
        convert_file(small, tmp_path / "out", config=SIZES)
    assert names_in(tmp_path) == ["lines.safetensors"]


def test_progress_covers_reading_and_writing(small, tmp_path):
    told: list[tuple[str, int, int]] = []
    convert_file(small, tmp_path / "out", config=SIZES, progress=lambda *news: told.append(news))
    assert {what.split()[0] for what, _, _ in told} == {"reading", "writing"}
    assert all(0 < done <= total for _, done, total in told)
    assert told[-1][1] == told[-1][2]


def test_changed_missing_and_foreign_files_are_found(small, tmp_path):
    folder = tmp_path / "out"
    convert_file(small, folder, config=SIZES)
    weights = folder / "diffusion_pytorch_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    (folder / "config.json").unlink()
    (folder / "extra.txt").write_text("hello")
    assert verify_folder(folder) == [
        "config.json is missing",
        "diffusion_pytorch_model.safetensors has been changed",
        "extra.txt is not part of the model",
    ]
    weights.write_bytes(content[:-5])
    assert "bytes, not" in verify_folder(folder)[1]


@pytest.mark.parametrize(
    ("text", "why"),
    [(None, "has no toontween.json"), ("{}", "damaged"), ('{"format": 99}', "has format 99")],
)
def test_manifests_that_cannot_be_read_are_named(tmp_path, text, why):
    if text is not None:
        (tmp_path / "toontween.json").write_text(text)
    with pytest.raises(CheckpointError, match=why):
        read_manifest(tmp_path)


def test_one_hash_stands_for_all_files_and_needs_no_manifest(small, tmp_path):
    folder = tmp_path / "out"
    convert_file(small, folder, config=SIZES)
    told = hash_of_folder(folder)
    (folder / "toontween.json").unlink()
    assert hash_of_folder(folder) == told
    config = folder / "config.json"
    config.write_text(config.read_text() + " ")
    assert hash_of_folder(folder) != told
