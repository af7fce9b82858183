"""The machine: settings from the environment, device and dtype, versions.

The only reader of environment variables. Imports torch inside functions, so that `--help` stays quick.
"""

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toontween.errors import InputError, UnavailableError

if TYPE_CHECKING:
    import torch

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the environment says; every field has a `TOONTWEEN_…` variable of the same name."""

    offline: bool = False
    """Never open a network connection."""

    cache_dir: Path | None = None
    """Where weights are kept; the platform's cache folder when None."""

    max_pixels: int = 134_217_728
    """Most pixels one decoded picture may have (2^27: a 16K frame fits)."""

    max_frames: int = 100_000
    """Most frames decoded from one video or animation."""

    max_bytes: int = 8 * 2**30
    """Most decoded bytes held for one file."""

    def weights_dir(self) -> Path:
        """The folder in which converted and downloaded weights live."""
        if self.cache_dir is not None:
            return self.cache_dir
        import platformdirs

        return Path(platformdirs.user_cache_dir("toontween")) / "weights"


def read_settings() -> Settings:
    """Settings from `TOONTWEEN_OFFLINE`, `TOONTWEEN_CACHE_DIR`, `TOONTWEEN_MAX_PIXELS`, ….

    Raises:
        InputError: A variable holds something that cannot be read.
    """
    cache = os.environ.get("TOONTWEEN_CACHE_DIR", "")
    defaults = Settings()
    return Settings(
        offline=_read_bool("TOONTWEEN_OFFLINE"),
        cache_dir=Path(cache).expanduser() if cache else None,
        max_pixels=_read_count("TOONTWEEN_MAX_PIXELS", defaults.max_pixels),
        max_frames=_read_count("TOONTWEEN_MAX_FRAMES", defaults.max_frames),
        max_bytes=_read_count("TOONTWEEN_MAX_BYTES", defaults.max_bytes),
    )


def _read_bool(name: str) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise InputError(f"{name}={value!r} is neither on nor off", hint="use 1 or 0")


def _read_count(name: str, default: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdecimal() or int(value) == 0:
        raise InputError(f"{name}={value!r} is not a positive whole number")
    return int(value)


def pick_device(name: str = "auto") -> "torch.device":
    """The device to compute on: `auto` prefers CUDA, then Apple's MPS, then the CPU.

    Raises:
        InputError: The name is not a device.
        UnavailableError: The device asked for is not on this machine.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"{name!r} is not a device", hint="use auto, cpu, cuda or mps") from error
    present = {"cpu": True, "cuda": torch.cuda.is_available()}
    present["mps"] = torch.backends.mps.is_available()
    if not present.get(device.type, False):
        raise UnavailableError(f"this machine has no {name!r} device", hint="use --device cpu")
    return device


def free_memory_bytes() -> int:
    """Main memory that can be had without swapping."""
    import psutil

    return psutil.virtual_memory().available


def versions() -> dict[str, str]:
    """Versions that decide what a drawing looks like, for provenance."""
    names = ["toontween", "torch", "diffusers", "transformers", "opencv-python-headless", "av"]
    names += ["scikit-image"]
    found: dict[str, Any] = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
