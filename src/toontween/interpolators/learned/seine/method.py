"""Method `seine`: a transition between two shots, generated as 16 frames at once (Chen et al., ICLR 2024, arXiv 2310.20700).

The network is shown the two keys as the first and the last frame and makes all sixteen, its own versions of the keys
among them; those are dropped, as the keys stay ours. It works at one size, to which the keys are squashed.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from toontween.errors import InputError
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
from toontween.interpolators.learned.seine.conditioning import (
    TEXT_LENGTH,
    decode_frame,
    encode_keys,
    encode_prompts,
    num_tokens,
    resize_keys,
    transition_mask,
)
from toontween.interpolators.learned.seine.parts import SeineNetworks
from toontween.interpolators.learned.seine.sampling import Condition, sample_latents
from toontween.interpolators.learned.seine.schedule import RespacedSchedule, Sampler
from toontween.interpolators.learned.seine.weights import BASE, SeineWeights, pick_dtype
from toontween.interpolators.timing import pick_nearest
from toontween.pipelines.noise import draw
from toontween.runtime import pick_device
from toontween.shapes import LATENT_DOWNSAMPLING

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]

WINDOW = 16
"""Frames the network was trained on, the keys' places included."""

DEFAULT_PROMPT = "smooth transition"
"""The published prompt, used where a request has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeineSettings:
    """What steers the generation; the defaults are the published ones.

    Raises:
        InputError: A value is out of range.
    """

    num_inference_steps: int = 250
    """Denoising steps, 2…1000: time is in proportion."""

    sampler: str = "ddpm"
    """ddpm adds fresh noise at every step, ddim none; ddim needs fewer steps."""

    guidance_scale: float = 8.0
    """How strongly the prompt pulls, 1…30; 1 is without guidance and twice as fast."""

    prompt_suffix: str = "smooth transition."
    """What is set behind every prompt. No space comes between, as published: end the prompt with one where it matters."""

    negative_prompt: str = ""
    """What guidance pulls away from."""

    width: int = 512
    """Pixels to work at, a multiple of 8 within 8…4096; the drawings still come back at the keys' size."""

    height: int = 320
    """The same for the height. Keys of another shape are squashed to it, as published."""

    def __post_init__(self) -> None:
        check_whole_number(
            "num_inference_steps", self.num_inference_steps, at_least=2, at_most=1000
        )
        if self.sampler not in set(Sampler):
            raise InputError(
                f"sampler {self.sampler!r} is not known", hint=f"use {', '.join(Sampler)}"
            )
        check_number("guidance_scale", self.guidance_scale, at_least=1.0, at_most=30.0)
        for name, text in (
            ("prompt_suffix", self.prompt_suffix),
            ("negative_prompt", self.negative_prompt),
        ):
            if not isinstance(text, str):
                raise InputError(f"{name} {text!r} is not a text")
        for name, side in (("width", self.width), ("height", self.height)):
            check_whole_number(name, side, at_least=8, at_most=4096)
            if side % LATENT_DOWNSAMPLING:
                raise InputError(f"{name} {side} is not a multiple of {LATENT_DOWNSAMPLING}")


class SeineInterpolator(Interpolator):
    """Generates the drawings of a gap as a transition.

    The weights are found at once but loaded by the first request.

    Args:
        weights: A name (`seine`), a folder made by `save_pretrained` or `weights convert`, "random" for untrained
            networks of the published size, or networks that are there already; these are moved to the device and dtype.
        base: A name (`stable-diffusion-v1-4`) or a folder in diffusers' layout, of which the autoencoder, the text tower
            and the tokenizer are used; not looked at for random or given networks.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        dtype: Precision of the networks; `auto` is float16 on CUDA, as published, and float32 elsewhere. The steps are
            float32 always.
        settings: Defaults for what a request's options do not say.

    Raises:
        UnavailableError: Weights, base or device are not here; everything that is missing is named.
        UnknownNameError: A name is neither known nor a folder.
        CheckpointError: A folder is not what it should be.
        InputError: There is no such device or dtype.
    """

    name = "seine"
    capabilities = Capabilities(
        timing=Timing.FIXED_COUNT,
        fixed_count=WINDOW - 2,
        text=True,
        seeded=True,
        devices=("cpu", "cuda"),
    )

    def __init__(
        self,
        *,
        weights: str | SeineNetworks = "seine",
        base: str = BASE,
        device: str = "auto",
        dtype: DtypeName = "auto",
        settings: SeineSettings | None = None,
    ) -> None:
        self._device = pick_device(device)
        self._settings = settings or SeineSettings()
        self._weights = SeineWeights(
            weights, base=base, device=self._device, dtype=pick_dtype(dtype, self._device)
        )

    @torch.inference_mode()
    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Generate a whole window and keep the drawings nearest to the request's times.

        `details` records the weights and their hashes, the settings, the prompt as it was read, the number of frames,
        `warnings`, and `drawn_at` when the times drawn are not exactly those asked for.

        Raises:
            InputError: The keys are transparent, there are sketches, or an option is unknown or out of range.
        """
        check_request(self, request)
        settings = override(self._settings, request.options, method=self.name)
        if not request.times:
            return InbetweenResult(drawings=[])
        count = max(WINDOW - 2, len(request.times))
        grid = evenly_spaced_times(count)
        picks = pick_nearest(request.times, grid)
        networks = self._weights.networks()
        prompt = (request.prompt or DEFAULT_PROMPT) + settings.prompt_suffix
        latents = self._generate(request, settings, networks, prompt=prompt, num_frames=count + 2)
        height, width, _ = request.first.shape
        drawings = [
            _to_picture(decode_frame(networks.vae, latents[:, :, pick + 1], (height, width)))
            for pick in picks
        ]
        details: dict[str, Any] = {
            **self._weights.details(),
            "settings": asdict(settings),
            "prompt": prompt,
            "num_frames": count + 2,
        }
        warnings = _warnings(networks, prompt, settings.negative_prompt, num_frames=count + 2)
        if warnings:
            details["warnings"] = warnings
        drawn_at = [grid[pick] for pick in picks]
        if not np.allclose(drawn_at, request.times, rtol=0, atol=1e-9):
            details["drawn_at"] = drawn_at
        return InbetweenResult(drawings=drawings, details=details)

    def _generate(
        self,
        request: InbetweenRequest,
        settings: SeineSettings,
        networks: SeineNetworks,
        *,
        prompt: str,
        num_frames: int,
    ) -> Tensor:
        """Latents of a window, (1, c, frames, h, w) in float32."""
        generator = torch.Generator().manual_seed(request.seed)
        rows, columns = (side // LATENT_DOWNSAMPLING for side in (settings.height, settings.width))
        shape = (1, networks.vae.config["latent_channels"], num_frames, rows, columns)

        def noise(_step: int = 0) -> Tensor:
            return draw(shape, generator=generator, device=self._device)

        start = noise()
        keys = torch.stack([_to_tensor(request.first), _to_tensor(request.last)]).to(self._device)
        keys = resize_keys(keys, (settings.height, settings.width))
        prompts = [prompt] if settings.guidance_scale == 1 else [prompt, settings.negative_prompt]
        condition = Condition(
            mask=transition_mask(num_frames, (rows, columns), self._device),
            latents=encode_keys(networks.vae, keys, noise()),
            text=encode_prompts(networks.text_encoder, networks.tokenizer, prompts),
        )
        return sample_latents(
            networks.unet,
            start,
            condition,
            schedule=RespacedSchedule.for_steps(settings.num_inference_steps),
            sampler=Sampler(settings.sampler),
            guidance_scale=settings.guidance_scale,
            fresh_noise=noise,
            report=request.progress,
        )


def _warnings(
    networks: SeineNetworks, prompt: str, negative_prompt: str, *, num_frames: int
) -> list[str]:
    """What should be said of a run beside its drawings."""
    warnings = [
        f"only the first {TEXT_LENGTH} tokens of {text!r} are read"
        for text in (prompt, negative_prompt)
        if num_tokens(networks.tokenizer, text) > TEXT_LENGTH
    ]
    if num_frames > WINDOW:
        warnings.append(
            f"{num_frames} frames are generated at once, but the network was trained on {WINDOW}: "
            "expect weaker drawings, or add a key in the middle"
        )
    return warnings


def _to_tensor(picture: Picture) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))


def _to_picture(pixels: Tensor) -> Picture:
    return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())
