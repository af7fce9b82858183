"""A wrong file is named for what it is."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.parity.goldens import published_shapes
from toontween.checkpoints.identify import Container, Contents, container_of, contents_of
from toontween.errors import CheckpointError

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 10500000000\n"


def a_torch_file(path: Path, *, legacy: bool = False) -> Path:
    torch.save({"a": torch.ones(3)}, path, _use_new_zipfile_serialization=not legacy)
    return path


def test_formats_are_told_by_their_bytes_not_their_suffix(tmp_path):
    save_file({"a": torch.ones(3)}, tmp_path / "one.ckpt")
    assert container_of(tmp_path / "one.ckpt") is Container.SAFETENSORS
    assert container_of(a_torch_file(tmp_path / "two.safetensors")) is Container.TORCH_ZIP
    assert container_of(a_torch_file(tmp_path / "three.jpg", legacy=True)) is Container.TORCH_LEGACY


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (LFS, "a git-LFS pointer"),
        (b"\n<!DOCTYPE html><html><head>", "a web page"),
        (b"<html>Sign in</html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 99, "a JPEG picture"),
        (b"\0\0\0 ftypisom" + b"\0" * 99, "a video"),
        (b"GGUF\x03\0\0\0", "a GGUF"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 99, "a 7z archive"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"\0" * 257 + b"ustar\0", "a tar archive"),
        (b"\x93NUMPY\x01\0", "a NumPy array"),
        (b'{"weight_map": {}}', "a JSON file"),
        (b"\x80\x04\x95\0\0", "a bare pickle"),
        (b"Access denied\n", "a text file"),
        (b"\xde\xad\xbe\xef" * 9, "begins with deadbeefdeadbeef"),
        (b"PK\x03\x04" + b"\x01" * 400, "a truncated torch or zip file"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_files_that_are_no_checkpoints_are_named(tmp_path, content, what):
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=what):
        container_of(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        container_of(tmp_path / "model.ckpt")


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_torch_file_is_called_truncated(tmp_path, kept):
    path = a_torch_file(tmp_path / "model.ckpt")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(CheckpointError, match="truncated"):
        container_of(path)


@pytest.mark.parametrize("missing", [1, 12, 60])
def test_a_truncated_safetensors_file_is_called_truncated(tmp_path, missing):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.ones(3)}, path)
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(CheckpointError, match="truncated"):
        container_of(path)


def test_bytes_after_the_last_tensor_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.ones(3)}, path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(CheckpointError, match="4 bytes after its last tensor"):
        container_of(path)


@pytest.mark.parametrize("header", [b'{"a": 3}', b'{"a": {"dtype": "F32"}}', b"{nonsense"])
def test_a_damaged_safetensors_header_is_called_damaged(tmp_path, header):
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match="damaged safetensors header"):
        container_of(path)


def test_archives_without_a_checkpoint_are_named(tmp_path):
    path = tmp_path / "model.ckpt"
    np.savez(path.with_suffix(".npz"), a=np.ones(3))
    with pytest.raises(CheckpointError, match="a NumPy archive"):
        container_of(path.with_suffix(".npz"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/model.ckpt", "inside")
    with pytest.raises(CheckpointError, match="a zip archive"):
        container_of(path)


def test_compressed_entries_are_refused(tmp_path):
    path = tmp_path / "model.ckpt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", "x" * 1000)
    with pytest.raises(CheckpointError, match="compressed entries"):
        container_of(path)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("zero_pp_rank_0_mp_rank_00_optim_states.pt", "a DeepSpeed ZeRO folder"),
        ("model_index.json", "a diffusers folder"),
        ("toontween.json", "a converted model already"),
        ("model.ckpt", "is a folder, not a checkpoint"),
    ],
)
def test_folders_are_named(tmp_path, file, what):
    (tmp_path / file).write_text("{}")
    with pytest.raises(CheckpointError, match=what):
        container_of(tmp_path)


def test_a_deepspeed_shard_is_named_by_its_file_name(tmp_path):
    path = a_torch_file(tmp_path / "zero_pp_rank_0_mp_rank_00_optim_states.pt")
    with pytest.raises(CheckpointError, match="one DeepSpeed shard"):
        container_of(path)


def test_the_published_files_are_recognised():
    assert contents_of(published_shapes("model")) is Contents.MODEL
    assert contents_of(published_shapes("sketch_encoder")) is Contents.SKETCH_ENCODER
    lines = {"model.model.0.weight": (64, 3, 4, 4), "model.model.3.weight": (128, 1, 4, 4)}
    assert contents_of(lines) is Contents.LINE_EXTRACTOR


U = "model.diffusion_model."
CROSS = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
HINT = {"zero_convs.0.0.weight": (320, 320, 1, 1), "input_hint_block.0.weight": (16, 3, 3, 3)}


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        ({f"{U}{CROSS}": (320, 768)}, "a Stable Diffusion checkpoint for SD 1.5"),
        ({f"{U}{CROSS}": (320, 1024)}, "a Stable Diffusion checkpoint for SD 2.1"),
        ({CROSS: (320, 1024), "output_blocks.0.0.x": (1,)}, "a Stable Diffusion UNet for SD 2.1"),
        (
            {"conditioner.embedders.1.model.x": (1,), f"{U}label_emb.0.0.weight": (1,)},
            "an SDXL checkpoint",
        ),
        ({f"{U}label_emb.0.0.weight": (1280, 2816)}, "an SDXL UNet"),
        (
            {"conditioner.embedders.0.x": (1,), f"{U}input_blocks.1.0.time_stack.x": (1,)},
            "a Stable Video Diffusion",
        ),
        (HINT | {CROSS: (320, 768)}, "a ControlNet for SD 1.5"),
        (HINT | {CROSS: (320, 1024)}, "a ControlNet for SD 2.1"),
        ({f"control_model.{CROSS}": (320, 768)}, "a ControlNet for SD 1.5"),
        ({"controlnet_cond_embedding.conv_in.weight": (1,)}, "a ControlNet in diffusers' naming"),
        ({"lora_unet_down_blocks_0.lora_up.weight": (8, 8)}, "a LoRA"),
        ({"transformer.a.lora_A.weight": (8, 8)}, "a LoRA"),
        ({"down_blocks.0.motion_modules.0.proj_in.weight": (8, 8)}, "an AnimateDiff motion module"),
        ({"encoder.conv_in.weight": (1,), "decoder.conv_in.weight": (1,)}, "an autoencoder alone"),
        (
            {"first_stage_model.encoder.down.0.x": (1,), "first_stage_model.decoder.up.0.x": (1,)},
            "an autoencoder alone",
        ),
        ({"Conv3d_1a_7x7.conv3d.weight": (64, 3, 7, 7, 7)}, "an I3D video classifier"),
        ({"visual.conv1.weight": (1280, 3, 14, 14)}, "a CLIP model"),
        ({"down_blocks.0.x": (1,), "up_blocks.0.x": (1,)}, "a UNet in diffusers' naming"),
        ({"double_blocks.0.x": (1,)}, "a diffusion transformer"),
        ({f"{U}input_blocks.1.0.temopral_conv.x": (1,)}, "a VideoCrafter text-to-video"),
        ({"a.weight": (1,), "b.weight": (1,)}, "2 tensors such as a.weight, b.weight"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_networks_are_named(shapes, what):
    with pytest.raises(CheckpointError, match=what):
        contents_of(shapes)


def test_part_of_a_model_is_said_to_be_part_of_it():
    shapes = {
        name: shape
        for name, shape in published_shapes("model").items()
        if not name.startswith(("embedder.", "first_stage_model."))
    }
    with pytest.raises(CheckpointError, match="no autoencoder, no image encoder"):
        contents_of(shapes)


def test_empty_tensors_are_a_zero_shard():
    shapes = dict.fromkeys(published_shapes("model"), (0,))
    with pytest.raises(CheckpointError, match="one shard of a ZeRO-3 run"):
        contents_of(shapes)


def test_no_tensors_are_no_checkpoint():
    with pytest.raises(CheckpointError, match="no tensors"):
        contents_of({})


def test_a_safetensors_header_may_not_be_larger_than_reason(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes((10**9).to_bytes(8, "little") + json.dumps({"a": {}}).encode())
    with pytest.raises(CheckpointError):
        container_of(path)
