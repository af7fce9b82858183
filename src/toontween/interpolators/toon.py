"""Method `toon`: the generative pipeline as an interpolator.

The published network was trained on windows of 16 frames and draws badly in shorter ones, so a gap of up to 14
in-betweens is always generated as a whole window, and the drawings nearest to the times asked for are kept. Longer
gaps are generated in one longer window, which the network was not trained for; the result says so.
"""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from diffusers import ControlNetModel
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from toontween.checkpoints.hub import MODELS
from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import resolve_model
from toontween.checkpoints.manifest import hash_of_folder
from toontween.errors import CheckpointError, InputError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Picture,
    Timing,
    evenly_spaced_times,
)
from toontween.interpolators.checks import (
    check_number,
    check_request,
    check_whole_number,
    override,
)
from toontween.interpolators.timing import pick_nearest
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline
from toontween.runtime import pick_device

ROOMY_BYTES = 14 * 10**9
"""Free graphics memory from which on the whole model (12 GB in bfloat16, decoding included) stays there."""

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToonSettings:
    """What steers the generation; the defaults are the published ones.

    Raises:
        InputError: A value is out of range.
    """

    num_inference_steps: int = 50
    """Denoising steps, 1…1000: time is in proportion."""

    guidance_scale: float = 7.5
    """How strongly the prompt and the keys pull, 1…30; 1 is without guidance and twice as fast."""

    guidance_rescale: float = 0.7
    """How far guidance is kept from over-exposing, 0…1."""

    eta: float = 1.0
    """Noise added back at every step, 0 (none) … 1."""

    motion_fps: int = 10
    """The pace of motion the network is told, 1…60: less means more motion between the keys."""

    sketch_scale: float = 1.0
    """How strongly sketches pull, 0…2."""

    width: int | None = None
    """Pixels to work at, 8…16384; the drawings still come back at the keys' size. None is the keys' own.
    The published model was trained at 512×320; larger keys cost more and may be drawn worse."""

    height: int | None = None
    """The same for the height."""

    def __post_init__(self) -> None:
        check_whole_number(
            "num_inference_steps", self.num_inference_steps, at_least=1, at_most=1000
        )
        check_number("guidance_scale", self.guidance_scale, at_least=1.0, at_most=30.0)
        check_number("guidance_rescale", self.guidance_rescale, at_least=0.0, at_most=1.0)
        check_number("eta", self.eta, at_least=0.0, at_most=1.0)
        check_whole_number("motion_fps", self.motion_fps, at_least=1, at_most=60)
        check_number("sketch_scale", self.sketch_scale, at_least=0.0, at_most=2.0)
        for name, value in (("width", self.width), ("height", self.height)):
            if value is not None:
                check_whole_number(name, value, at_least=8, at_most=16_384)


class ToonInterpolator(Interpolator):
    """Generates the drawings of a gap with `ToonInterpolationPipeline`.

    The weights are found at once but loaded by the first request.

    Args:
        model: A name (`tooncrafter-512`) or a folder made by `save_pretrained` or `weights convert`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: Precision of the weights; `auto` is bfloat16 on CUDA and float32 elsewhere.
        sketch_encoder: Weights for sketches, a name or a folder; used when a request has sketches and the
            model's folder has no sketch encoder of its own.
        settings: Defaults for what a request's options do not say.

    Raises:
        UnavailableError: The model or the device is not here.
        InputError: There is no such device or dtype.
    """

    name = "toon"

    def __init__(
        self,
        model: str = "tooncrafter-512",
        *,
        device: str = "auto",
        dtype: DtypeName = "auto",
        sketch_encoder: str = "tooncrafter-sketch",
        settings: ToonSettings | None = None,
    ) -> None:
        self._model = model
        self._sketch_encoder = sketch_encoder
        self._device = pick_device(device)
        self._dtype = _pick_dtype(dtype, self._device)
        self._settings = settings or ToonSettings()
        self._folder = resolve_model(model)
        self._window = _native_window(self._folder)
        self._pipeline: ToonInterpolationPipeline | None = None
        self._sha256: str | None = None
        self.capabilities = Capabilities(
            timing=Timing.FIXED_COUNT,
            fixed_count=self._window - 2,
            text=True,
            sketches=True,
            seeded=True,
            devices=("cpu", "cuda", "mps"),
        )

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Generate a whole window and keep the drawings nearest to the request's times.

        `details` records the model, its files' hashes, the settings, the window, and `drawn_at` when
        the times drawn are not exactly those asked for.

        Raises:
            InputError: The keys are transparent, or an option is unknown or out of range.
        """
        check_request(self, request)
        settings = override(self._settings, request.options, method=self.name)
        if not request.times:
            return InbetweenResult(drawings=[])
        count = max(self._window - 2, len(request.times))
        grid = evenly_spaced_times(count)
        picks = pick_nearest(request.times, grid)
        sketches = {picks[i] + 1: sketch for i, sketch in request.sketches.items()}
        frames = self._generate(request, settings, num_frames=count + 2, sketches=sketches)
        drawn_at = [grid[pick] for pick in picks]
        details = self._details(settings, num_frames=count + 2)
        if not np.allclose(drawn_at, request.times, rtol=0, atol=1e-9):
            details["drawn_at"] = drawn_at
        return InbetweenResult(drawings=[frames[pick + 1] for pick in picks], details=details)

    def _generate(
        self,
        request: InbetweenRequest,
        settings: ToonSettings,
        *,
        num_frames: int,
        sketches: dict[int, Picture],
    ) -> list[Picture]:
        pipeline = self._loaded(with_sketches=bool(sketches))
        result = pipeline(
            _to_tensor(request.first),
            _to_tensor(request.last),
            prompt=request.prompt,
            num_frames=num_frames,
            sketches={frame: _to_tensor(sketch) for frame, sketch in sketches.items()} or None,
            generator=torch.Generator().manual_seed(request.seed),
            output_type="pt",
            callback_on_step_end=_report_steps(request, settings.num_inference_steps),
            **dataclasses.asdict(settings),
        )
        clip = result.frames[0].float().cpu()  # (frames, 3, h, w)
        return [np.ascontiguousarray(frame.permute(1, 2, 0).numpy()) for frame in clip]

    def _loaded(self, *, with_sketches: bool) -> ToonInterpolationPipeline:
        """The pipeline, loaded by the first request that needs it."""
        encoder_folder = self._separate_sketch_encoder() if with_sketches else None
        if self._pipeline is None:
            with _without_loading_bars():
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

    def _separate_sketch_encoder(self) -> Path | None:
        """Where the sketch encoder is when the model has none, found before anything large is loaded."""
        index = json.loads((self._folder / "model_index.json").read_text(encoding="utf-8"))
        if index.get("sketch_encoder", [None])[0] is not None:
            return None
        return resolve_model(self._sketch_encoder, contents=Contents.SKETCH_ENCODER)

    def _model_sha256(self) -> str:
        """One hash of all the model's files, taken once."""
        if self._sha256 is None:
            self._sha256 = hash_of_folder(self._folder)
        return self._sha256

    def _details(self, settings: ToonSettings, *, num_frames: int) -> dict[str, Any]:
        details: dict[str, Any] = {
            "model": self._model if self._model in MODELS else self._folder.name,
            "model_sha256": self._model_sha256(),
            "settings": dataclasses.asdict(settings),
            "num_frames": num_frames,
            "device": self._device.type,
            "dtype": str(self._dtype).removeprefix("torch."),
        }
        if num_frames > self._window:
            details["warnings"] = [
                f"{num_frames} frames are generated at once, but the network was trained on "
                f"{self._window}: expect weaker drawings, or add a key in the middle"
            ]
        return details


@contextlib.contextmanager
def _without_loading_bars() -> Iterator[None]:
    """Silence the libraries' own progress bars: progress is the caller's to show."""
    shown = [
        library
        for library in (diffusers_logging, transformers_logging)
        if library.is_progress_bar_enabled()
    ]
    for library in shown:
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library in shown:
            library.enable_progress_bar()


def _place(pipeline: ToonInterpolationPipeline, device: torch.device) -> ToonInterpolationPipeline:
    """Onto the device; on a small graphics card each part only while it works."""
    if device.type == "cuda" and torch.cuda.mem_get_info(device)[0] < ROOMY_BYTES:
        pipeline.enable_model_cpu_offload(device=device)
        return pipeline
    return pipeline.to(device)


def _pick_dtype(name: str, device: torch.device) -> torch.dtype:
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if name not in known:
        raise InputError(f"{name!r} is not a dtype", hint=f"use auto, {', '.join(known)}")
    return known[name]


def _native_window(folder: Path) -> int:
    """Frames the network was trained on, keys included."""
    path = folder / "unet" / "config.json"
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["num_frames"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} does not tell the network's num_frames",
            hint=f"toontween weights verify {folder}",
        ) from error


def _to_tensor(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))


def _report_steps(
    request: InbetweenRequest, num_steps: int
) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]] | None:
    progress = request.progress
    if progress is None:
        return None

    def report(_pipeline: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        progress(step + 1, num_steps)
        return values

    return report
