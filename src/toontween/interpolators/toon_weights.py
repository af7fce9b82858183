"""The weights of method `toon`: the model and, for sketches, the sketch encoder; found at once, loaded when needed."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel

from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import resolve_model
from toontween.checkpoints.loading_bars import without_loading_bars
from toontween.checkpoints.manifest import hash_of_folder
from toontween.checkpoints.published.catalogue import MODELS
from toontween.errors import CheckpointError, UnavailableError
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

ROOMY_BYTES = 14 * 10**9
"""Free graphics memory from which on the whole model (12 GB in bfloat16, decoding included) stays there."""


class ToonWeights:
    """A model with its sketch encoder: the one in the model's folder, or else one of its own.

    Args:
        model: A name or a folder.
        sketch_encoder: The same for the sketch encoder.
        device: Where it will run.
        dtype: What weights will be held as.
        sketches: Whether the sketch encoder will surely be needed, so that it is looked for now.

    Raises:
        UnavailableError: Something is not here; everything that is missing is named at once.
        CheckpointError: A folder is not what it should be.
    """

    def __init__(
        self,
        model: str,
        *,
        sketch_encoder: str,
        device: torch.device,
        dtype: torch.dtype,
        sketches: bool,
    ) -> None:
        self._model = model
        self._sketch_encoder = sketch_encoder
        self._device, self._dtype = device, dtype
        self._folder = _find_all(model, sketch_encoder) if sketches else resolve_model(model)
        self._pipeline: ToonInterpolationPipeline | None = None
        self._hashes: dict[Path, str] = {}
        self.window = _native_window(self._folder)
        """Frames the network was trained on, keys included."""

    def pipeline(self, *, with_sketches: bool) -> ToonInterpolationPipeline:
        """The pipeline on its device, loaded by the first call.

        Raises:
            UnavailableError: The sketch encoder is wanted and not here.
        """
        encoder_folder = self._separate_encoder() if with_sketches else None
        if self._pipeline is None:
            with without_loading_bars():
                pipeline = ToonInterpolationPipeline.from_pretrained(
                    self._folder, torch_dtype=self._dtype
                )
            pipeline.set_progress_bar_config(disable=True)
            self._pipeline = _place(pipeline, self._device)
        if encoder_folder is not None and self._pipeline.sketch_encoder is None:
            encoder = ControlNetModel.from_pretrained(encoder_folder, torch_dtype=self._dtype)
            torch.nn.Module.to(encoder, self._device)
            self._pipeline.register_modules(sketch_encoder=encoder)
        return self._pipeline

    def details(self, *, with_sketches: bool) -> dict[str, Any]:
        """What provenance says: names, and one hash of all files of each folder."""
        details = {
            "model": _name_of(self._model, self._folder),
            "model_sha256": self._hash_of(self._folder),
            "device": self._device.type,
            "dtype": str(self._dtype).removeprefix("torch."),
        }
        folder = self._separate_encoder() if with_sketches else None
        if folder is not None:
            details["sketch_encoder"] = _name_of(self._sketch_encoder, folder)
            details["sketch_encoder_sha256"] = self._hash_of(folder)
        return details

    def _separate_encoder(self) -> Path | None:
        """Where the sketch encoder is when the model has none."""
        if _has_sketch_encoder(self._folder):
            return None
        return resolve_model(self._sketch_encoder, contents=Contents.SKETCH_ENCODER)

    def _hash_of(self, folder: Path) -> str:
        if folder not in self._hashes:
            self._hashes[folder] = hash_of_folder(folder)
        return self._hashes[folder]


def _find_all(model: str, sketch_encoder: str) -> Path:
    """The model's folder, once it is sure that a sketch encoder is here too; else one error for both."""
    missing: list[UnavailableError] = []
    folder: Path | None = None
    try:
        folder = resolve_model(model)
    except UnavailableError as error:
        missing.append(error)
    if folder is None or not _has_sketch_encoder(folder):
        try:
            resolve_model(sketch_encoder, contents=Contents.SKETCH_ENCODER)
        except UnavailableError as error:
            missing.append(error)
    if folder is None or missing:
        pulls = ", then ".join(error.hint for error in missing if error.hint)
        raise UnavailableError(
            "sketches cannot be followed yet: " + "; ".join(error.message for error in missing),
            hint=f"{pulls}; files you have become folders with toontween weights convert FILE --out FOLDER, "
            "for --model FOLDER and --set sketch_encoder=FOLDER",
        )
    return folder


def _has_sketch_encoder(folder: Path) -> bool:
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    return index.get("sketch_encoder", [None])[0] is not None


def _name_of(given: str, folder: Path) -> str:
    return given if given in MODELS else folder.name


def _native_window(folder: Path) -> int:
    path = folder / "unet" / "config.json"
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["num_frames"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} does not tell the network's num_frames",
            hint=f"toontween weights verify {folder}",
        ) from error


def _place(pipeline: ToonInterpolationPipeline, device: torch.device) -> ToonInterpolationPipeline:
    """Onto the device; on a small graphics card each part only while it works."""
    if device.type == "cuda" and torch.cuda.mem_get_info(device)[0] < ROOMY_BYTES:
        pipeline.enable_model_cpu_offload(device=device)
        return pipeline
    return pipeline.to(device)
