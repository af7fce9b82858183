"""Published weights files → tensors under our names.

The only module that reads torch files, and only with `weights_only=True`, after its own look at what the pickle asks
for. Tensors of zip-format torch files and of safetensors files stay on disk until they are used; files in torch's old
format cannot be mapped, so they are read into memory and limited in size.
"""

import io
import logging
import pickle
import pickletools
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from toontween.checkpoints.identify import Container, Contents, container_of, contents_of
from toontween.checkpoints.maps.component import (
    Component,
    ConvertedComponent,
    convert_component,
)
from toontween.checkpoints.maps.components import PUBLISHED_FILES
from toontween.checkpoints.torchscript import read_torchscript
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import CheckpointError

_LOG = logging.getLogger(__name__)

SCHEDULE_BUFFERS = (
    "betas",
    "alphas_cumprod",
    "alphas_cumprod_prev",
    "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
    "scale_arr",
)
"""Derived numbers in the published file. They are computed anew, because half-precision files degrade them."""

_SAFE_TORCH = (2, 10)
_MAX_LEGACY_BYTES = 2 * 2**30
_MAX_PICKLE_BYTES = 256 * 2**20
_LEGACY_PICKLES = 5
_ALLOWED = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_(tensor|tensor_v2|parameter)"
    r"|torch (\w+Storage|Size|device|b?float\d+|int\d+|uint8|bool)"
    r"|torch\.storage (UntypedStorage|TypedStorage)"
)
_MADE_UP = "a name that is made up while reading"
_ASK_SAFETENSORS = "ask its author for a safetensors file"
_EXACT, _HALF = 1e-6, 1e-3
_WRAPPERS = ("_forward_module.", "module.")
_HOLDERS = ("state_dict", "module", "model_state_dict", "ema", "model", "params")
"""Entries under which training frameworks keep the weights; averaged ones before those they are the average of."""
_OLD_UNET_NAME = "model.diffusion_model.framestride_embed."
_UNET_NAME = "model.diffusion_model.fps_embedding."


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint(Mapping[str, Tensor]):
    """The tensors of a file by name, on disk until they are used."""

    path: Path
    """The file; renaming or changing it while it is open spoils the tensors."""

    container: Container
    """Its format."""

    tensors: dict[str, Tensor]
    """Name, without what a training framework put before it → tensor."""

    set_aside: tuple[str, ...]
    """Entries that are no weights: the optimiser's state, counters, callbacks."""

    def __getitem__(self, name: str) -> Tensor:
        """The tensor of that name."""
        return self.tensors[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the file's order."""
        return iter(self.tensors)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self.tensors)


@dataclass(frozen=True, slots=True)
class ConvertedCheckpoint:
    """A published file under our names."""

    contents: Contents
    """Which file it was."""

    components: dict[str, ConvertedComponent]
    """Component name → network."""

    unused: list[str]
    """Source names that the method does not need."""

    notes: list[str]
    """Anything odd that was found."""


def open_checkpoint(path: Path) -> OpenedCheckpoint:
    """Open a torch or safetensors file without running anything in it.

    Raises:
        CheckpointError: The file is something else, damaged or hostile; or the installed torch is not safe to read
            torch files with.
    """
    container = container_of(path)
    if container is Container.SAFETENSORS:
        content: Any = _open_safetensors(path)
    elif container is Container.TORCHSCRIPT:
        content = read_torchscript(path)
    else:
        require_safe_torch(torch.__version__)
        _refuse_programs(path, container)
        content = _load_torch(path, container)
    tensors, set_aside = _unwrap(content, path)
    return OpenedCheckpoint(path, container, tensors, tuple(set_aside))


def convert_state_dict(
    tensors: Mapping[str, Tensor], config: Mapping[str, Any] | None = None
) -> ConvertedCheckpoint:
    """Our names for the tensors of a published file; complete, or nothing.

    Args:
        tensors: The tensors of a published file.
        config: Sections "unet", "vae", "resampler", "open_clip" (or "sketch_encoder") that describe a model of
            another size; None for the published 512 model.

    Raises:
        CheckpointError: It is another model, a tensor is unknown, missing, of another shape or type, or the
            configuration asks for something the method does not have.
    """
    tensors = _current_names(tensors)
    contents = contents_of({name: tuple(tensor.shape) for name, tensor in tensors.items()})
    _refuse_quantised(tensors)
    left = dict(tensors)
    unused = [name for name in SCHEDULE_BUFFERS if left.pop(name, None) is not None]
    components: dict[str, ConvertedComponent] = {}
    for component in PUBLISHED_FILES[contents.value]:
        names = [name for name in left if name.startswith(component.prefix)]
        own = {name.removeprefix(component.prefix): left.pop(name) for name in names}
        section = _section(component, config)
        converted, skipped = convert_component(component, own, section)
        components[component.name] = converted
        unused += [component.prefix + name for name in skipped]
    if left:
        raise CheckpointError(
            f"{len(left)} tensors belong to no part of the model: {', '.join(list(left)[:5])}"
        )
    return ConvertedCheckpoint(contents, components, unused, schedule_notes(tensors))


def require_safe_torch(version: str) -> None:
    """Refuse a torch whose loader of torch files has known holes (CVE-2025-32434, CVE-2026-24747).

    Raises:
        CheckpointError: The version is older than 2.10.
    """
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found < _SAFE_TORCH:
        raise CheckpointError(
            f"torch {version} cannot read torch files safely", hint="install torch 2.10 or later"
        )


def schedule_notes(tensors: Mapping[str, Tensor]) -> list[str]:
    """One sentence for each table of the noise schedule that differs from the one that is computed instead."""
    scheduler = ToonDDIMScheduler()
    computed = {"alphas_cumprod": scheduler.alphas_cumprod, "scale_arr": scheduler.scales}
    notes: list[str] = []
    for name, values in computed.items():
        stored = tensors.get(name)
        if stored is None:
            continue
        away = float("inf")
        if stored.ndim == 1 and len(stored) >= len(values):
            away = float((stored[: len(values)].float() - values).abs().max())
        if away > (_EXACT if stored.dtype == torch.float32 else _HALF):
            notes.append(f"{name} in the file is up to {away:.2g} away from the one computed")
            _LOG.warning("%s; the computed one is used", notes[-1])
    return notes


def _open_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 it is no mapping
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} is a damaged safetensors file: {error}") from error


def _refuse_programs(path: Path, container: Container) -> None:
    """Look at the pickle without running it and refuse all but the names that tensors need."""
    wanted: set[str] = set()
    try:
        if container is Container.TORCH_LEGACY:
            with path.open("rb") as file:
                for _ in range(_LEGACY_PICKLES):
                    wanted |= _globals_of(file)
        else:
            with zipfile.ZipFile(path) as archive:
                name = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
                if archive.getinfo(name).file_size > _MAX_PICKLE_BYTES:
                    raise CheckpointError(f"{path.name} has an index of unreasonable size")
                wanted = _globals_of(archive.read(name))
    except (ValueError, IndexError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path.name} is damaged: its index cannot be read") from error
    refused = sorted(name for name in wanted if not _ALLOWED.fullmatch(name))
    if refused:
        what = refused[0] if refused[0] == _MADE_UP else refused[0].replace(" ", ".")
        raise CheckpointError(
            f"{path.name} was refused: reading it would call {what}", hint=_ASK_SAFETENSORS
        )


def _globals_of(file: bytes | io.BufferedReader) -> set[str]:
    """What one pickle imports, as "module name"."""
    wanted: set[str] = set()
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name in {"GLOBAL", "INST"}:
            wanted.add(str(argument))
        elif opcode.name in {"STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}:
            wanted.add(_MADE_UP)
    return wanted


def _load_torch(path: Path, container: Container) -> Any:
    mapped = container is Container.TORCH_ZIP
    size = path.stat().st_size
    if not mapped and size > _MAX_LEGACY_BYTES:
        raise CheckpointError(
            f"{path.name} is a {container} of {size / 2**30:.1f} GiB, which cannot be read in pieces",
            hint="load and save it with a current torch first",
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)  # noqa: TID251
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path.name} was refused by torch: {_first_line(error)}", hint=_ASK_SAFETENSORS
        ) from error
    except (RuntimeError, EOFError, KeyError, TypeError, ValueError, OSError) as error:
        raise CheckpointError(f"{path.name} is damaged: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


def _unwrap(content: Any, path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """The weights in what a training framework saved, and the names of all else in it."""
    set_aside: list[str] = []
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path.name} holds a {type(content).__name__}, not named tensors")
    for wrapper in _HOLDERS:
        inner = content.get(wrapper)
        if isinstance(inner, Mapping):
            set_aside += [str(name) for name in content if name != wrapper]
            content = inner
            break
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    set_aside += [str(name) for name in content if str(name) not in tensors]
    for prefix in _WRAPPERS:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors, set_aside


def _current_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names of the 512 model for tensors that the 256 model called otherwise."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        current = name.replace(_OLD_UNET_NAME, _UNET_NAME, 1)
        if current in renamed:
            raise CheckpointError(f"two tensors in it are {current}")
        renamed[current] = tensor
    return renamed


def _refuse_quantised(tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        is_counter = name in SCHEDULE_BUFFERS or name.endswith(".num_batches_tracked")
        if not is_counter and tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            raise CheckpointError(
                f"{name} is {tensor.dtype}; only float32, float16 and bfloat16 weights convert",
                hint="use the file before it was quantised",
            )


def _section(component: Component, config: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if config is None:
        return component.published
    section = config.get(component.section)
    if not isinstance(section, Mapping):
        raise CheckpointError(f"the configuration has no section {component.section!r}")
    return section
