"""The tensors of a TorchScript program, without running it.

A program's archive keeps its modules as a pickle of objects whose classes are named `__torch__.…`, and each tensor's bytes
in a file of its own. The reader knows those objects, tensors and lists of numbers, and nothing else: a name that is not
on its list is refused before anything is made of it, so the pickle cannot call anything.
"""

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from toontween.errors import CheckpointError

_MOST_INDEX_BYTES = 64 * 2**20
_STORAGES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def read_torchscript(path: Path) -> dict[str, Tensor]:
    """Parameters and buffers by the names that `state_dict` would give them.

    Args:
        path: A program saved by `torch.jit.save`.

    Raises:
        CheckpointError: The archive is damaged, or asks for anything that is no module, tensor or number.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            index = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            if archive.getinfo(index).file_size > _MOST_INDEX_BYTES:
                raise CheckpointError(f"{path.name} has an index of unreasonable size")
            reader = _Reader(archive, index.removesuffix(".pkl"))
            root = reader.load()
    except (
        StopIteration,
        zipfile.BadZipFile,
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
        OSError,
    ) as error:
        raise CheckpointError(f"{path.name} is a damaged TorchScript program: {error}") from error
    if not isinstance(root, _Module):
        raise CheckpointError(f"{path.name} is a TorchScript program without modules")
    return dict(_tensors_of(root))


class _Module:
    """Any object of the program: what it holds, by name."""

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, Mapping):
            raise CheckpointError("a module of the program keeps its state in a form of its own")
        self.__dict__.update(state)


class _Reader(pickle.Unpickler):
    """Makes modules, tensors and lists of numbers, and refuses every other name."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}.pkl")))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        """What a name in the pickle stands for."""
        if module.startswith("__torch__"):
            return _Module
        known: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
            ("torch.jit._pickle", "restore_type_tag"): _first,
        }
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if module == "torch.jit._pickle" and name.startswith("build_"):
            return list
        if (module, name) not in known:
            raise CheckpointError(
                f"the program was refused: reading it would call {module}.{name}",
                hint="ask its author for a safetensors file",
            )
        return known[module, name]

    def persistent_load(self, pid: Any) -> Tensor:
        """The numbers of one storage."""
        kind, dtype, key, _, count = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise CheckpointError("the program refers to something that is no storage")
        name = f"{self._folder}/{key}"
        if self._archive.getinfo(name).file_size < count * dtype.itemsize:
            raise CheckpointError(f"{name} is shorter than the index says")
        return torch.frombuffer(bytearray(self._archive.read(name)), dtype=dtype, count=count)


def _tensor(storage: Tensor, offset: int, size: Any, stride: Any, *_: Any) -> Tensor:
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) and not 0 <= offset <= last < len(storage):
        raise CheckpointError("a tensor of the program reaches beyond its storage")
    return storage.as_strided(tuple(size), tuple(stride), offset)


def _parameter(value: Tensor, *_: Any) -> Tensor:
    return value


def _first(value: Any, *_: Any) -> Any:
    return value


def _tensors_of(module: _Module, prefix: str = "") -> list[tuple[str, Tensor]]:
    found: list[tuple[str, Tensor]] = []
    for name, value in vars(module).items():
        if isinstance(value, Tensor):
            found.append((prefix + name, value))
        elif isinstance(value, _Module):
            found += _tensors_of(value, f"{prefix}{name}.")
    return found
