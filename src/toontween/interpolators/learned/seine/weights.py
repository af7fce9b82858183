"""Where method `seine` finds its networks: its own denoiser, and Stable Diffusion 1.4 as its base.

Of the base only the autoencoder, the text tower and the tokenizer are read.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextModel, CLIPTokenizer

from toontween.checkpoints.hub import model_folder
from toontween.checkpoints.loading import resolve_network
from toontween.checkpoints.loading_bars import without_loading_bars
from toontween.checkpoints.manifest import hash_of_folder
from toontween.errors import CheckpointError, InputError, UnavailableError, UnknownNameError
from toontween.interpolators.learned.seine.network import SeineUNet
from toontween.interpolators.learned.seine.parts import (
    SeineNetworks,
    UntrainedSizes,
    build_untrained,
)
from toontween.interpolators.learned.weights import RANDOM
from toontween.runtime import Settings, read_settings

BASE = "stable-diffusion-v1-4"
"""The base with which the published network was trained."""

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_PARTS = {
    "vae": ("config.json", "*.safetensors"),
    "text_encoder": ("config.json", "*.safetensors"),
    "tokenizer": ("tokenizer*.json",),
}


class SeineWeights:
    """The networks of one interpolator: found at once, loaded when needed.

    Args:
        weights: A name, a folder, "random", or networks that are there already.
        base: A name or a folder; not looked at for random or given networks.
        device: Where they will run.
        dtype: What weights will be held as.

    Raises:
        UnavailableError: Something is not on this machine; everything that is missing is named at once.
        UnknownNameError: A name is neither known nor a folder.
        CheckpointError: A folder is not what it should be.
    """

    def __init__(
        self,
        weights: str | SeineNetworks,
        *,
        base: str,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._weights, self._base_name = weights, base
        self._device, self._dtype = device, dtype
        self._networks: SeineNetworks | None = None
        self._folders: tuple[Path, Path] | None = None
        if isinstance(weights, str) and weights != RANDOM:
            self._folders = _find_both(weights, base)

    def networks(self) -> SeineNetworks:
        """The networks on their device, loaded by the first call.

        Raises:
            CheckpointError: Denoiser and base do not fit each other.
        """
        if self._networks is None:
            networks = self._make()
            networks.to(self._device, self._dtype)
            self._networks = networks
        return self._networks

    def details(self) -> dict[str, Any]:
        """What provenance says: names, hashes, device and precision."""
        return {
            **self.networks().details,
            "device": self._device.type,
            "dtype": str(self._dtype).removeprefix("torch."),
        }

    def _make(self) -> SeineNetworks:
        if isinstance(self._weights, SeineNetworks):
            return self._weights
        if self._folders is None:
            return build_untrained(UntrainedSizes())
        folder, base = self._folders
        details = {
            "weights": _name_of(self._weights, folder),
            "weights_sha256": hash_of_folder(folder),
            "base": _name_of(self._base_name, base),
            **{f"base_{part}_sha256": hash_of_folder(base / part) for part in _PARTS},
        }
        with without_loading_bars():
            return SeineNetworks(
                unet=SeineUNet.from_pretrained(folder, torch_dtype=self._dtype),
                vae=AutoencoderKL.from_pretrained(
                    base / "vae", torch_dtype=self._dtype, use_safetensors=True
                ),
                text_encoder=CLIPTextModel.from_pretrained(
                    base / "text_encoder", dtype=self._dtype, use_safetensors=True
                ),
                tokenizer=CLIPTokenizer.from_pretrained(base / "tokenizer"),
                details=details,
            )


def find_base(name_or_folder: str, *, settings: Settings | None = None) -> Path:
    """The folder of a base in diffusers' layout: `vae`, `text_encoder` and `tokenizer`; nothing is downloaded.

    Args:
        name_or_folder: `BASE`, or a folder.
        settings: Where weights are kept; the environment's when None.

    Raises:
        UnavailableError: The named base is not on this machine; the hint says how to get it.
        UnknownNameError: It is neither the name of a base nor a folder.
        CheckpointError: The folder lacks a part, or has weights in no safe format.
    """
    if name_or_folder == BASE:
        folder = model_folder(BASE, settings or read_settings())
        if not folder.is_dir():
            raise UnavailableError(
                f"the base {BASE!r} of method 'seine' is not on this machine",
                hint=f"toontween weights pull {BASE}, or give a folder in diffusers' layout: --set base=FOLDER",
            )
    else:
        folder = Path(name_or_folder)
        if not folder.is_dir():
            raise UnknownNameError(
                f"there is no base and no folder {name_or_folder!r}",
                hint=f"use {BASE}, or a folder with {', '.join(_PARTS)} in it",
            )
    for part, patterns in _PARTS.items():
        for pattern in patterns:
            if not any((folder / part).glob(pattern)):
                raise CheckpointError(
                    f"{folder} is not a base of method 'seine': {part} has no {pattern}",
                    hint=f"toontween weights pull {BASE} fetches what is needed",
                )
    return folder


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """The precision of a name; `auto` is float16 on CUDA, as published, and float32 elsewhere.

    Raises:
        InputError: There is no such precision.
    """
    if name == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    if name not in _DTYPES:
        raise InputError(f"{name!r} is not a dtype", hint=f"use auto, {', '.join(_DTYPES)}")
    return _DTYPES[name]


def _find_both(weights: str, base: str) -> tuple[Path, Path]:
    """Both folders, or one error for everything that is missing."""
    missing: list[UnavailableError] = []
    folder = base_folder = None
    try:
        folder = resolve_network(weights, SeineUNet.__name__)
    except UnavailableError as error:
        missing.append(error)
    try:
        base_folder = find_base(base)
    except UnavailableError as error:
        missing.append(error)
    if folder is None or base_folder is None:
        raise UnavailableError(
            "; ".join(error.message for error in missing),
            hint="; then ".join(error.hint for error in missing if error.hint),
        )
    return folder, base_folder


def _name_of(given: str, folder: Path) -> str:
    return folder.name if Path(given).is_dir() else given
