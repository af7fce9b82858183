"""Converted tensors → a folder that `from_pretrained` reads.

A whole model becomes a diffusers pipeline folder (`model_index.json`, one sub-folder a component); a sketch encoder or
a line extractor becomes a component's folder. Tensors are written one by one from where they lie, so memory stays at
the size of the largest. The folder appears under its name only when it is complete.
"""

import hashlib
import importlib.metadata
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from toontween.checkpoints.convert import (
    ConvertedCheckpoint,
    convert_state_dict,
    open_checkpoint,
)
from toontween.checkpoints.identify import MANIFEST_NAME, Contents
from toontween.checkpoints.manifest import (
    FileRecord,
    Manifest,
    Origin,
    Progress,
    record_of,
    write_manifest,
)
from toontween.checkpoints.maps.component import ConvertedComponent, empty_module
from toontween.checkpoints.tokenizer import build_tokenizer
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import CheckpointError, OutputError
from toontween.media.files import disk_errors
from toontween.runtime import versions

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
"""What weights may be stored as."""

_SAFETENSORS_DTYPES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
}
_ALIGNMENT = 8


def convert_file(
    source: Path,
    target: Path,
    *,
    config: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    merges: Path | None = None,
    origin: Origin | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Convert a published weights file into a folder.

    Args:
        source: A torch or safetensors file.
        target: The folder to make.
        config: As for `convert_state_dict`.
        dtype: One of `DTYPES`; None keeps what the file has.
        merges: CLIP's table of byte-pair merges, for the tokenizer; without it prompts cannot be read.
        origin: What is known about the file, for the manifest.
        overwrite: Whether a folder converted earlier may be replaced.
        progress: Told about every tensor.

    Raises:
        CheckpointError: The file cannot be converted; nothing is written.
        OutputError: The target exists, cannot be written or does not fit.
    """
    origin = origin or Origin()
    _check_target(target, overwrite=overwrite)
    opened = open_checkpoint(source)
    converted = convert_state_dict(opened, config)
    kept = DTYPES[dtype] if dtype is not None else None
    _check_room(target.parent, converted, kept)
    source_record = origin.record or record_of(source, progress=progress)
    with _folder_in_place(target) as folder:
        files = _write_components(folder, converted, dtype=kept, progress=progress)
        if converted.contents is Contents.MODEL:
            _write_pipeline(folder, converted, merges)
        files = _with_others(folder, files)
        manifest = Manifest(
            contents=converted.contents.value,
            source=source.name,
            source_record=source_record,
            licence=origin.licence,
            page=origin.page,
            dtype=_dtype_name(converted, kept),
            unused=(*converted.unused, *opened.set_aside),
            notes=tuple(converted.notes),
            files=files,
            versions=versions(),
        )
        write_manifest(folder, manifest)
    return manifest


def keep_files(
    source: Path, names: Sequence[str], target: Path, *, origin: Origin, overwrite: bool = False
) -> Manifest:
    """Keep published files as they are, in a folder that says where they come from.

    Args:
        source: The folder they lie in.
        names: Paths in it; the first one is the weights.
        target: The folder to make.
        origin: What is known about the first file.
        overwrite: Whether a folder made earlier may be replaced.

    Raises:
        OutputError: The target exists, cannot be written or does not fit.
    """
    _check_target(target, overwrite=overwrite)
    with _folder_in_place(target) as folder:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, folder / name)
        manifest = Manifest(
            contents=Contents.AS_IT_IS.value,
            source=Path(names[0]).name,
            source_record=origin.record or record_of(source / names[0]),
            licence=origin.licence,
            page=origin.page,
            dtype="as published",
            unused=(),
            files=_with_others(folder, {}),
            versions=versions(),
        )
        write_manifest(folder, manifest)
    return manifest


def write_safetensors(
    path: Path,
    tensors: Mapping[str, Tensor],
    *,
    dtype: torch.dtype | None = None,
    progress: Progress | None = None,
) -> FileRecord:
    """Write tensors one by one in the safetensors format, in the order given.

    Raises:
        CheckpointError: A tensor has a value that is not finite, or has none in the new type.
    """
    header, total = _header(tensors, dtype)
    digest, done = hashlib.sha256(header), 0
    with path.open("xb") as file:
        file.write(header)
        for name, tensor in tensors.items():
            data = _bytes_of(name, tensor, dtype)
            file.write(data)
            digest.update(data)
            done += len(data)
            if progress is not None:
                progress(f"writing {path.parent.name}", done, total)
        file.flush()
        os.fsync(file.fileno())
    _reread(path, tensors)
    return FileRecord(size=len(header) + total, sha256=digest.hexdigest())


def _header(tensors: Mapping[str, Tensor], dtype: torch.dtype | None) -> tuple[bytes, int]:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, tensor in tensors.items():
        kept = _kept(tensor, dtype)
        end = offset + tensor.numel() * kept.itemsize
        entries[name] = {
            "dtype": _SAFETENSORS_DTYPES[kept],
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text, offset


def _kept(tensor: Tensor, dtype: torch.dtype | None) -> torch.dtype:
    """What a tensor is stored as; counters stay whole numbers."""
    return dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype


def _bytes_of(name: str, tensor: Tensor, dtype: torch.dtype | None) -> memoryview:
    kept = tensor.detach().to(_kept(tensor, dtype)).contiguous()
    if not bool(torch.isfinite(kept).all()):
        why = "is not finite" if not bool(torch.isfinite(tensor).all()) else f"overflows {dtype}"
        raise CheckpointError(f"{name} {why}", hint="convert with --dtype fp32 or bf16")
    return kept.view(-1).view(torch.uint8).numpy().data


def _reread(path: Path, tensors: Mapping[str, Tensor]) -> None:
    with safe_open(path, framework="pt") as file:
        for name, tensor in tensors.items():
            if tuple(file.get_slice(name).get_shape()) != tuple(tensor.shape):
                raise CheckpointError(f"{path.name} does not read back as written: {name}")


def _write_components(
    folder: Path,
    converted: ConvertedCheckpoint,
    *,
    dtype: torch.dtype | None,
    progress: Progress | None,
) -> dict[str, FileRecord]:
    """Write configuration and weights of every component; returns the records of the weights."""
    records: dict[str, FileRecord] = {}
    for name, component in converted.components.items():
        place = folder / name if converted.contents is Contents.MODEL else folder
        place.mkdir(exist_ok=True)
        weights = place / _write_config(place, component)
        record = write_safetensors(weights, component.tensors, dtype=dtype, progress=progress)
        records[weights.relative_to(folder).as_posix()] = record
    return records


def _write_config(place: Path, component: ConvertedComponent) -> str:
    """Write a component's `config.json`; returns the name its library expects of the weights."""
    network: Any = empty_module(component)
    if component.class_path.startswith("transformers:"):
        network.config.save_pretrained(place)
        return "model.safetensors"
    network.save_config(place)
    return "diffusion_pytorch_model.safetensors"


def _write_pipeline(folder: Path, converted: ConvertedCheckpoint, merges: Path | None) -> None:
    """Write what makes the components a pipeline: scheduler, tokenizer, index."""
    index: dict[str, Any] = {
        "_class_name": "ToonInterpolationPipeline",
        "_diffusers_version": importlib.metadata.version("diffusers"),
    }
    for name, component in converted.components.items():
        index[name] = component.class_path.split(":")
    ToonDDIMScheduler().save_pretrained(folder / "scheduler")
    index["scheduler"] = [ToonDDIMScheduler.__module__, ToonDDIMScheduler.__name__]
    # a decoder that sees one frame at a time gains nothing from decoding twice
    variant = converted.components["vae"].config["decoder_variant"]
    index["double_decode"] = variant != "no-har-no-p3d"
    index["tokenizer"] = [None, None]
    if merges is not None:
        tokenizer = build_tokenizer(merges)
        tokenizer.save_pretrained(folder / "tokenizer")
        index["tokenizer"] = ["transformers", type(tokenizer).__name__]
    text = json.dumps(index, indent=2) + "\n"
    (folder / "model_index.json").write_text(text, encoding="utf-8")


def _with_others(folder: Path, records: dict[str, FileRecord]) -> dict[str, FileRecord]:
    """Records of all files of a folder, those known already and those not."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    return {name: records.get(name) or record_of(folder / name) for name in names}


def _dtype_name(converted: ConvertedCheckpoint, dtype: torch.dtype | None) -> str:
    found = {
        tensor.dtype
        for component in converted.components.values()
        for tensor in component.tensors.values()
        if tensor.is_floating_point()
    }
    kept = {dtype} if dtype is not None else found
    return "mixed" if len(kept) > 1 else str(kept.pop()).removeprefix("torch.")


def _check_target(target: Path, *, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise OutputError(f"the folder {target.parent} does not exist")
    if not target.exists():
        return
    if not overwrite:
        raise OutputError(f"{target} exists already", hint="use --overwrite, or another name")
    ours = target.is_dir() and (target / MANIFEST_NAME).is_file()
    if not ours and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(f"{target} is not a converted model and is not replaced")


def _check_room(parent: Path, converted: ConvertedCheckpoint, dtype: torch.dtype | None) -> None:
    needed = sum(
        tensor.numel() * (dtype or tensor.dtype).itemsize
        for component in converted.components.values()
        for tensor in component.tensors.values()
    )
    free = shutil.disk_usage(parent).free
    if needed > free:
        raise OutputError(
            f"{needed / 1e9:.1f} GB are needed in {parent}, {free / 1e9:.1f} GB are free",
            hint="--dtype fp16 halves the size of a float32 file",
        )


@contextmanager
def _folder_in_place(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its place when all went well and is gone otherwise."""
    tag = secrets.token_hex(4)
    making = target.parent / f".{target.name}.{tag}.part"
    replaced = target.parent / f".{target.name}.{tag}.old"
    try:
        with disk_errors(target):
            making.mkdir()
            yield making
            if target.exists():
                target.rename(replaced)
            making.rename(target)
    finally:
        if replaced.exists() and not target.exists():
            replaced.rename(target)
        shutil.rmtree(making, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
