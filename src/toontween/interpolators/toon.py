"""Method `toon`: the generative pipeline as an interpolator.

The published network was trained on windows of 16 frames and draws badly in shorter ones, so a gap of up to 14
in-betweens is always generated as a whole window, and the drawings nearest to the times asked for are kept. Longer
gaps are generated in one longer window, which the network was not trained for; the result says so.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Picture,
    Timing,
    evenly_spaced_times,
    move_sketches,
)
from toontween.interpolators.checks import (
    check_number,
    check_request,
    check_whole_number,
    override,
)
from toontween.interpolators.timing import pick_nearest
from toontween.interpolators.toon_weights import ToonWeights
from toontween.pipelines.denoising import SketchGuidance
from toontween.pipelines.outputs import check_enlarging
from toontween.runtime import pick_device

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
    """How strongly sketches pull, 0…2. The paper implies 1, the community uses 0.6."""

    sketch_guidance_start: float = 0.0
    """Part of the denoising, 0…1, before which sketches do nothing."""

    sketch_guidance_end: float = 1.0
    """Part of the denoising after which they do nothing: 0.5 leaves the details to the network."""

    sketch_context: str = "full"
    """What the sketch encoder is shown beside each frame: full (as the community does), per-frame, text. What the
    authors used was never published."""

    sketch_unconditional: bool = True
    """Whether sketches act on the unconditional prediction too (as the community does)."""

    sketch_strokes: str = "auto"
    """auto redraws strokes too thin or too thick for the sketch encoder, keep leaves them."""

    width: int | None = None
    """Pixels to work at, 8…16384; the drawings still come back at the keys' size. None is the keys' own.
    The published model was trained at 512×320; larger keys cost more and may be drawn worse."""

    height: int | None = None
    """The same for the height."""

    enlarge: str = "auto"
    """How drawings made smaller than the keys come back to their size: resize scales them, keys takes the keys' own
    pixels where they fit, which keeps lines sharp, auto does so if the decoder itself draws with the keys' pixels."""

    def __post_init__(self) -> None:
        check_whole_number(
            "num_inference_steps", self.num_inference_steps, at_least=1, at_most=1000
        )
        check_number("guidance_scale", self.guidance_scale, at_least=1.0, at_most=30.0)
        check_number("guidance_rescale", self.guidance_rescale, at_least=0.0, at_most=1.0)
        check_number("eta", self.eta, at_least=0.0, at_most=1.0)
        check_whole_number("motion_fps", self.motion_fps, at_least=1, at_most=60)
        check_number("sketch_scale", self.sketch_scale, at_least=0.0, at_most=2.0)
        SketchGuidance(
            start=self.sketch_guidance_start,
            end=self.sketch_guidance_end,
            context=self.sketch_context,
            unconditional=self.sketch_unconditional,
            strokes=self.sketch_strokes,
        )
        check_enlarging(self.enlarge)
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
        sketches: Whether there will be requests with sketches, so that everything for them must be here at once.
        settings: Defaults for what a request's options do not say.

    Raises:
        UnavailableError: The model or the device is not here; everything that is missing is named.
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
        sketches: bool = False,
        settings: ToonSettings | None = None,
    ) -> None:
        place = pick_device(device)
        self._settings = settings or ToonSettings()
        self._weights = ToonWeights(
            model,
            sketch_encoder=sketch_encoder,
            device=place,
            dtype=_pick_dtype(dtype, place),
            sketches=sketches,
        )
        self.capabilities = Capabilities(
            timing=Timing.FIXED_COUNT,
            fixed_count=self._weights.window - 2,
            text=True,
            sketches=True,
            seeded=True,
            devices=("cpu", "cuda", "mps"),
        )

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Generate a whole window and keep the drawings nearest to the request's times.

        `details` records the weights and their hashes, the settings, the window, the frames with sketches, and
        `drawn_at` when the times drawn are not exactly those asked for.

        Raises:
            InputError: The keys are transparent, or an option is unknown or out of range.
            UnavailableError: There are sketches, and no sketch encoder is here.
        """
        check_request(self, request)
        settings = override(self._settings, request.options, method=self.name)
        if not request.times:
            details = self._weights.details(with_sketches=bool(request.sketches))
            return InbetweenResult(drawings=[], details=details)
        window = self._weights.window
        count = max(window - 2, len(request.times))
        grid = evenly_spaced_times(count)
        picks = pick_nearest(request.times, grid)
        sketches, warnings = _sketches_by_frame(request, [0, *(p + 1 for p in picks), count + 1])
        if count > window - 2:
            warnings.append(
                f"{count + 2} frames are generated at once, but the network was trained on {window}: "
                "expect weaker drawings, or add a key in the middle"
            )
        frames = self._generate(request, settings, num_frames=count + 2, sketches=sketches)
        details: dict[str, Any] = {
            **self._weights.details(with_sketches=bool(sketches)),
            "settings": dataclasses.asdict(settings),
            "num_frames": count + 2,
            "sketched_frames": sorted(sketches),
        }
        if warnings:
            details["warnings"] = warnings
        drawn_at = [grid[pick] for pick in picks]
        if not np.allclose(drawn_at, request.times, rtol=0, atol=1e-9):
            details["drawn_at"] = drawn_at
        drawings = [frames[pick + 1] for pick in picks]
        return InbetweenResult(drawings=drawings, details=details, ends=(frames[0], frames[-1]))

    def _generate(
        self,
        request: InbetweenRequest,
        settings: ToonSettings,
        *,
        num_frames: int,
        sketches: dict[int, Lines],
    ) -> list[Picture]:
        pipeline = self._weights.pipeline(with_sketches=bool(sketches))
        result = pipeline(
            _to_tensor(request.first),
            _to_tensor(request.last),
            prompt=request.prompt,
            num_frames=num_frames,
            sketches=sketches,
            generator=torch.Generator().manual_seed(request.seed),
            output_type="pt",
            callback_on_step_end=_report_steps(request, settings.num_inference_steps),
            **dataclasses.asdict(settings),
        )
        clip = result.frames[0].float().cpu()  # (frames, 3, h, w)
        return [np.ascontiguousarray(frame.permute(1, 2, 0).numpy()) for frame in clip]


def _sketches_by_frame(
    request: InbetweenRequest, frames: list[int]
) -> tuple[dict[int, Lines], list[str]]:
    """Sketches by their frames in the window, and what to say of those that are left out."""
    warnings = [
        f"the sketch of drawing {index} is blank: drawn as if there were none"
        for index, lines in sorted(request.sketches.items())
        if not lines.ink.any()
    ]
    drawn = {index: lines for index, lines in request.sketches.items() if lines.ink.any()}
    return move_sketches(drawn, frames), warnings


def _pick_dtype(name: str, device: torch.device) -> torch.dtype:
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if name not in known:
        raise InputError(f"{name!r} is not a dtype", hint=f"use auto, {', '.join(known)}")
    return known[name]


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
