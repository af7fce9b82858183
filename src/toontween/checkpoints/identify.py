"""What a weights file is, told from its first bytes and from the names in it.

A wrong file is named for what it is before anything is loaded or written. Nothing here unpickles or imports a network:
`container_of` looks at bytes, `contents_of` at names and shapes.
"""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from toontween.checkpoints.maps.rivals.table import RIVALS, name_of
from toontween.errors import CheckpointError

MANIFEST_NAME = "toontween.json"
"""The manifest in every folder that we wrote."""

Shapes = Mapping[str, Sequence[int]]


class Container(StrEnum):
    """The file formats that can be read."""

    TORCH_ZIP = "torch file"
    TORCH_LEGACY = "torch file in the format from before torch 1.6"
    TORCHSCRIPT = "TorchScript program"
    SAFETENSORS = "safetensors file"


class Contents(StrEnum):
    """The published networks that can be converted."""

    MODEL = "model"
    SKETCH_ENCODER = "sketch_encoder"
    LINE_EXTRACTOR = "line_extractor"
    ANIMEINTERP = "animeinterp"
    EISAI_SSL = "eisai-ssl"
    EISAI_DTM = "eisai-dtm"
    FILM = "film"
    RIFE = "rife"
    RIFE_M = "rife-m"
    RIFE_4_6 = "rife-4.6"
    RIFE_4_25 = "rife-4.25"
    RAFT = "raft"
    RAFT_SMALL = "raft-small"
    SEINE = "seine"
    SEPCONV = "sepconv"
    RESEPCONV = "resepconv"
    PHASENET = "phasenet"
    GMFSS_FLOW = "gmfss-flow"
    GMFSS_METRIC = "gmfss-metric"
    GMFSS_FEATURES = "gmfss-features"
    GMFSS_FUSION = "gmfss-fusion"
    VGG19 = "vgg19"
    AS_IT_IS = "as it is"
    """Files that other libraries or our measures read as they were published."""


_HEAD_BYTES = 1024
_MAX_HEADER_BYTES = 100_000_000
_ZIP_MAGIC = b"PK\x03\x04"
_LEGACY_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_AGAIN = "download it again"
_LFS_HINT = "it stands for the real file: run `git lfs pull`, or download it from its page"
_HTML_HINT = "the download led to a page, not to the file: use the page's own download link"

_MAGICS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs.github.com/spec", "a git-LFS pointer"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"RIFF", "a WebP, AVI or WAV file"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (0, b"%PDF", "a PDF document"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"GGUF", "a GGUF language or diffusion model"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 (Keras) file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"MZ", "a Windows program"),
    (0, b"\x7fELF", "a Linux program"),
)


def container_of(path: Path) -> Container:
    """Which readable format a file has, by its bytes and never by its suffix.

    Raises:
        CheckpointError: It is missing, empty, a folder, truncated, or something else; the message says what.
    """
    if path.is_dir():
        raise _wrong_folder(path)
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist")
    size = path.stat().st_size
    if size == 0:
        raise CheckpointError(f"{path.name} is empty", hint=_AGAIN)
    if re.search(r"zero_pp_rank_\d+|_optim_states\.pt$", path.name):
        raise CheckpointError(f"{path.name} is one DeepSpeed shard", hint=_ZERO_HINT)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_ZIP_MAGIC):
        return _zip_container(path)
    if head.startswith(_LEGACY_MAGIC):
        return Container.TORCH_LEGACY
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= max(size, _MAX_HEADER_BYTES):
        _check_safetensors(path, size)
        return Container.SAFETENSORS
    raise _wrong_file(path, head)


def _zip_container(path: Path) -> Container:
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path.name} is a truncated torch or zip file", hint=_AGAIN)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any(name.endswith("/constants.pkl") for name in names):
        return Container.TORCHSCRIPT
    if names and all(name.endswith(".npy") for name in names):
        raise CheckpointError(f"{path.name} is a NumPy archive, not a checkpoint")
    if sum(name.count("/") == 1 and name.endswith("/data.pkl") for name in names) != 1:
        raise CheckpointError(
            f"{path.name} is a zip archive, not a checkpoint",
            hint="unpack it if the file is inside",
        )
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(
            f"{path.name} has compressed entries: torch did not write it", hint=_AGAIN
        )
    return Container.TORCH_ZIP


def _check_safetensors(path: Path, size: int) -> None:
    """Refuse a header that does not account for every byte of the file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _MAX_HEADER_BYTES:
            raise CheckpointError(f"{path.name} claims a safetensors header of {length} bytes")
        text = file.read(length)
    if len(text) < length:
        raise CheckpointError(f"{path.name} is a truncated safetensors file", hint=_AGAIN)
    try:
        header = json.loads(text)
        ends = [
            int(entry["data_offsets"][1]) for key, entry in header.items() if key != "__metadata__"
        ]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise CheckpointError(f"{path.name} has a damaged safetensors header") from error
    expected = 8 + length + max(ends, default=0)
    if size < expected:
        raise CheckpointError(
            f"{path.name} is a truncated safetensors file: {size} of {expected} bytes", hint=_AGAIN
        )
    if size > expected:
        raise CheckpointError(f"{path.name} has {size - expected} bytes after its last tensor")


def _wrong_file(path: Path, head: bytes) -> CheckpointError:
    for offset, magic, what in _MAGICS:
        if head[offset:].startswith(magic):
            hint = _LFS_HINT if "LFS" in what else None
            return CheckpointError(f"{path.name} is {what}, not a checkpoint", hint=hint)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return CheckpointError(f"{path.name} is a web page, not a checkpoint", hint=_HTML_HINT)
    if text.startswith((b"{", b"[")):
        return CheckpointError(f"{path.name} is a JSON file, not a checkpoint")
    if re.match(rb"\x80[\x02-\x05]", head):
        return CheckpointError(
            f"{path.name} is a bare pickle, which may run any program: refused",
            hint="ask its author for a safetensors file",
        )
    if b"\x00" not in head and text.isascii():
        return CheckpointError(f"{path.name} is a text file, not a checkpoint")
    return CheckpointError(
        f"{path.name} is neither a torch nor a safetensors file (it begins with {head[:8].hex()})"
    )


_ZERO_HINT = "join the shards with DeepSpeed's zero_to_fp32.py and convert what it writes"


def _wrong_folder(path: Path) -> CheckpointError:
    names = {entry.name for entry in path.rglob("*")} if path.is_dir() else set()
    if MANIFEST_NAME in {entry.name for entry in path.iterdir()}:
        return CheckpointError(
            f"{path} is a converted model already", hint="use it as it is: --model FOLDER"
        )
    if any(name.startswith("zero_pp_rank") or name.endswith("_optim_states.pt") for name in names):
        return CheckpointError(f"{path} is a DeepSpeed ZeRO folder", hint=_ZERO_HINT)
    if "model_index.json" in names:
        return CheckpointError(f"{path} is a diffusers folder, which needs no converting")
    files = sorted(name for name in names if name.endswith((".ckpt", ".safetensors", ".pth")))
    hint = f"give the file itself, such as {files[0]}" if files else None
    return CheckpointError(f"{path} is a folder, not a checkpoint", hint=hint)


@dataclass(frozen=True, slots=True)
class _Signature:
    """Names that, all present, tell what a file is."""

    what: str
    patterns: tuple[str, ...]
    width_of: str | None = None
    """A tensor whose second axis tells the text width, hence the Stable Diffusion version."""

    hint: str | None = None


_UNET = r"model\.diffusion_model\."
_CROSS = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
_FOREIGN: tuple[_Signature, ...] = (
    _Signature("a LoRA", (r".*(lora_(up|down|A|B)|hada_w1_a|lokr_w1).*",)),
    _Signature("a textual inversion", (r"(string_to_param|emb_params).*",)),
    _Signature("an AnimateDiff motion module", (r".*motion_modules\..*",)),
    _Signature(
        "a Stable Video Diffusion checkpoint", (r"conditioner\..*", rf"{_UNET}.*time_stack.*")
    ),
    _Signature("an SDXL checkpoint", (r"conditioner\.embedders\.1\..*",)),
    _Signature("an SDXL UNet", (rf"({_UNET})?label_emb\..*",)),
    _Signature("a ControlNet", (r"control_model\..*",), f"control_model.{_CROSS}"),
    _Signature("a ControlNet", (r"zero_convs\..*",), _CROSS),
    _Signature("a ControlNet in diffusers' naming", (r"controlnet_cond_embedding\..*",)),
    _Signature("a diffusion transformer", (r".*(double_blocks|joint_blocks|transformer_blocks\.0\.attn\.|patch_embedding)\b.*",)),
    _Signature("a VideoCrafter text-to-video checkpoint", (rf"{_UNET}.*temopral_conv.*",)),
    _Signature("a Stable Diffusion checkpoint", (rf"{_UNET}input_blocks\..*",), f"model.diffusion_model.{_CROSS}"),
    _Signature("a Stable Diffusion UNet", (r"input_blocks\..*", r"output_blocks\..*"), _CROSS),
    _Signature("a UNet in diffusers' naming", (r"(unet\.)?down_blocks\..*", r"(unet\.)?up_blocks\..*")),
    _Signature("an autoencoder alone", (r"(first_stage_model\.)?encoder\.(conv_in|down\.).*", r"(first_stage_model\.)?decoder\.(conv_in|up\.).*")),
    _Signature("an I3D video classifier", (r".*Conv3d_1a_7x7\..*",)),
    _Signature("a CLIP model", (r".*(visual\.(conv1|transformer)|vision_model|text_model|resblocks)\..*",)),
    _Signature("an optimiser's state", (r".*(exp_avg|optimizer_state).*",), None, _ZERO_HINT),
)  # fmt: skip

_VERSIONS = {768: " for SD 1.5", 1024: " for SD 2.1", 2048: " for SDXL"}

_MODEL = (rf"{_UNET}.*temopral_conv.*", rf"{_UNET}init_attn\..*", r"image_proj_model\..*")
_MODEL_PARTS = {
    "UNet": "model.diffusion_model.",
    "autoencoder": "first_stage_model.",
    "text encoder": "cond_stage_model.",
    "image encoder": "embedder.",
    "image projector": "image_proj_model.",
}


def contents_of(shapes: Shapes) -> Contents:
    """Which published network a table of names and shapes is.

    Raises:
        CheckpointError: It is another model, or only part of one; the message says which.
    """
    if not shapes:
        raise CheckpointError("there are no tensors in it")
    if all(0 in shape for shape in shapes.values()):
        raise CheckpointError("all tensors are empty: one shard of a ZeRO-3 run", hint=_ZERO_HINT)
    if _has_all(shapes, _MODEL):
        missing = [part for part, prefix in _MODEL_PARTS.items() if not _starts(shapes, prefix)]
        if missing:
            raise CheckpointError(f"it is part of a ToonCrafter model: no {', no '.join(missing)}")
        return Contents.MODEL
    if _starts(shapes, "zero_convs.") and _hint_channels(shapes) == 1:
        return Contents.SKETCH_ENCODER
    if {"model.model.0.weight", "model.model.3.weight"} <= set(shapes):
        return Contents.LINE_EXTRACTOR
    for name, rival in RIVALS.items():
        if _has_all(shapes, rival.signature):
            return Contents(name_of(shapes, name))
    raise _foreign(shapes)


def _foreign(shapes: Shapes) -> CheckpointError:
    for signature in _FOREIGN:
        if _has_all(shapes, signature.patterns):
            width = shapes.get(signature.width_of or "", ())
            version = _VERSIONS.get(width[1], "") if len(width) > 1 else ""
            hint = signature.hint or "`toontween weights list` shows what is needed"
            return CheckpointError(
                f"it is {signature.what}{version}, which no method here reads", hint=hint
            )
    shown = ", ".join(list(shapes)[:3])
    return CheckpointError(f"no method here reads it: {len(shapes)} tensors such as {shown}")


def _has_all(shapes: Shapes, patterns: tuple[str, ...]) -> bool:
    return all(any(re.fullmatch(pattern, name) for name in shapes) for pattern in patterns)


def _starts(shapes: Shapes, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)


def _hint_channels(shapes: Shapes) -> int | None:
    shape = shapes.get("input_hint_block.0.weight", ())
    return shape[1] if len(shape) > 1 else None
