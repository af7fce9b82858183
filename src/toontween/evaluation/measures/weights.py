"""Networks of measures: where they are, given by a person or pulled by name, each loaded once in a process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from toontween.errors import UnavailableError
from toontween.media.files import sha256_of

Loaded = TypeVar("Loaded")

SQUEEZENET = "squeezenet"
"""SqueezeNet v1.0 of the project's own distance."""

NAMES: Mapping[str, str] = {
    SQUEEZENET: "the expanded float32 .npz of the deep-compressed SqueezeNet v1.0",
}
"""Name → what the file or folder is."""


class MeasureWeights:
    """Files and folders by name.

    Args:
        paths: What a person gave.

    Raises:
        UnavailableError: As for `find`.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = dict(paths)

    def find(self, name: str) -> Path:
        """Where a network is.

        Raises:
            UnavailableError: It is not here; the hint says how to get it.
        """
        path = self._paths.get(name)
        if path is None:
            raise UnavailableError(f"{NAMES[name]} is not here", hint=f"--weights {name}=PATH")
        if not path.exists():
            raise UnavailableError(f"{name}: there is nothing at {path}")
        return path

    def load(self, name: str, read: Callable[[Path], Loaded]) -> tuple[Loaded, str]:
        """A network and the first digits of its file's hash, for the protocol; loaded once in this process.

        Raises:
            UnavailableError: It is not here.
            CheckpointError: It is something else.
        """
        path = self.find(name)
        key = (name, path.resolve())
        if key not in _LOADED:
            _LOADED[key] = (read(path), sha256_of(path)[:12])
        return _LOADED[key]  # pyright: ignore[reportReturnType]  the name decides the type


_LOADED: dict[tuple[str, Path], tuple[object, str]] = {}
