"""ToonCrafter as a diffusers pipeline: two keys, a line of text and perhaps sketches → the clip between them.

The story is in `ToonInterpolationPipeline.__call__`: read the keys, encode them, say what the clip shows (context),
denoise, decode with both keys as references, put the keys themselves back.

Of the published habits (specification, section 7) these are kept: the last key is not part of the context, the
unconditional context is that of the empty prompt and a mid-grey picture, and it sees the same key latents. These are
mended: each key is encoded once and not once a frame; clips of any length are decoded whole; every sample of a batch
has its own references. Random numbers are drawn in the order posterior (only for `posterior="sample"`: one draw for
both keys, where the published code drew one a frame), starting latents, then one draw a step; all in float32 and, with
a CPU generator, on the CPU, so that they do not depend on the device or the weights' type.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, DiffusionPipeline
from jaxtyping import Float
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer, CLIPVisionModel

from toontween.checkpoints.loading import resolve_model
from toontween.diffusion.guidance import Guidance
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import InputError, ShapeError, UnavailableError
from toontween.models.clip import image_features, text_features
from toontween.models.image_projector import ImageContextProjector
from toontween.models.unet import ToonUNet
from toontween.models.vae import AutoencoderKLDualReference
from toontween.pipelines.autoencoding import decode_clips, encode_keys
from toontween.pipelines.denoising import Conditions, Denoiser, SketchGuidance
from toontween.pipelines.inputs.keys import PreparedKeys, prepare_keys
from toontween.pipelines.inputs.pictures import PictureLike
from toontween.pipelines.inputs.prompts import check_embeds, prompt_ids
from toontween.pipelines.inputs.sketches import Sketches, prepare_hints
from toontween.pipelines.noise import (
    Generators,
    StepNoise,
    check_generators,
    noise_of_step,
    starting_latents,
)
from toontween.pipelines.original import align_weights, build_components
from toontween.pipelines.outputs import (
    ToonInterpolationOutput,
    bring_to_size,
    check_enlarging,
    check_output_type,
    place_keys,
    to_output,
)
from toontween.shapes import pixel_multiple

StepCallback = Callable[..., Mapping[str, Any] | None]
"""(pipeline, step index, timestep, {"latents": …}) → what to replace, as in diffusers."""


class ToonInterpolationPipeline(DiffusionPipeline):
    """Draws the frames between two keys.

    Args:
        unet: Predicts the velocity.
        vae: Pictures ⇄ latents, with references.
        image_encoder: CLIP's image tower.
        image_projector: Its tokens → context tokens.
        scheduler: The noise schedule and sampler.
        text_encoder: CLIP's text tower without its last block; not needed when prompts come as embeddings.
        tokenizer: CLIP's tokenizer; without it only the empty prompt can be read.
        sketch_encoder: For `sketches`.
        double_decode: Whether calls decode twice when they do not say; the published sampler does.
        without_text: Whether the denoiser was trained without captions; its text tokens are zeros then.
    """

    model_cpu_offload_seq = "text_encoder->image_encoder->image_projector->unet->vae"
    # the sketch encoder takes turns with the denoiser in every step, so it has no place in that sequence
    _optional_components = ["text_encoder", "tokenizer", "sketch_encoder"]  # noqa: RUF012  diffusers' name

    unet: ToonUNet
    vae: AutoencoderKLDualReference
    image_encoder: CLIPVisionModel
    image_projector: ImageContextProjector
    scheduler: ToonDDIMScheduler
    text_encoder: CLIPTextModel | None
    tokenizer: CLIPTokenizer | None
    sketch_encoder: ControlNetModel | None

    def __init__(  # noqa: PLR0913  one argument a component
        self,
        unet: ToonUNet,
        vae: AutoencoderKLDualReference,
        image_encoder: CLIPVisionModel,
        image_projector: ImageContextProjector,
        scheduler: ToonDDIMScheduler,
        text_encoder: CLIPTextModel | None = None,
        tokenizer: CLIPTokenizer | None = None,
        sketch_encoder: ControlNetModel | None = None,
        *,
        double_decode: bool = True,
        without_text: bool = False,
    ) -> None:
        super().__init__()
        self.register_modules(
            unet=unet,
            vae=vae,
            image_encoder=image_encoder,
            image_projector=image_projector,
            scheduler=scheduler,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            sketch_encoder=sketch_encoder,
        )
        self.register_to_config(double_decode=double_decode, without_text=without_text)

    @classmethod
    def from_pretrained(  # pyright: ignore[reportIncompatibleMethodOverride]  the same call, by a shorter name
        cls, model: str | Path, **kwargs: Any
    ) -> "ToonInterpolationPipeline":
        """Load a pipeline from a folder or by a model's name; only safetensors are read.

        Args:
            model: A folder that `save_pretrained` wrote, or a name such as "tooncrafter-512".
            kwargs: Those of `DiffusionPipeline.from_pretrained`, such as `torch_dtype`.

        Raises:
            UnavailableError: The model is not on this machine; the hint says how to get it.
        """
        kwargs.setdefault("use_safetensors", True)
        if "torch_dtype" in kwargs:
            kwargs["dtype"] = kwargs.pop("torch_dtype")  # diffusers is renaming it
        pipe = super().from_pretrained(str(resolve_model(model)), **kwargs)
        for part in pipe.components.values():
            if isinstance(part, nn.Module):
                align_weights(part)
        return pipe

    @classmethod
    def from_original(
        cls,
        checkpoint: str | Path | Mapping[str, Tensor],
        config: Mapping[str, Any] | None = None,
        *,
        sketch_encoder: str | Path | Mapping[str, Tensor] | ControlNetModel | None = None,
        tokenizer: CLIPTokenizer | None = None,
        torch_dtype: torch.dtype | None = None,
    ) -> "ToonInterpolationPipeline":
        """Convert a published checkpoint in memory.

        Args:
            checkpoint: The published file (model.ckpt or a safetensors file with its names), or its tensors.
            config: Sections "unet", "vae", "resampler", "open_clip" of a model of another size, and "sketch_encoder"
                when one is given; None for the published 512 model.
            sketch_encoder: The published sketch encoder: a file, its tensors, or the network itself.
            tokenizer: For prompts that are not empty; without it give `prompt_embeds`.
            torch_dtype: What weights are held as; None keeps the checkpoint's type.

        Raises:
            CheckpointError: A file is not what it should be, or the configuration does not fit it.
        """
        components = build_components(checkpoint, config, torch_dtype=torch_dtype)
        if sketch_encoder is not None and not isinstance(sketch_encoder, ControlNetModel):
            components |= build_components(sketch_encoder, config, torch_dtype=torch_dtype)
        elif sketch_encoder is not None:
            components["sketch_encoder"] = sketch_encoder
        return cls(scheduler=ToonDDIMScheduler(), tokenizer=tokenizer, **components)

    @torch.no_grad()
    def __call__(  # noqa: PLR0913  the story in one place; every argument has a default but the keys
        self,
        first: PictureLike | Sequence[PictureLike],
        last: PictureLike | Sequence[PictureLike],
        *,
        prompt: str | Sequence[str] = "",
        prompt_embeds: Float[Tensor, "..."] | None = None,
        negative_prompt: str | Sequence[str] = "",
        negative_prompt_embeds: Float[Tensor, "..."] | None = None,
        num_frames: int = 16,
        num_inference_steps: int = 50,
        guidance_scale: float | int = 7.5,
        image_guidance_scale: float | int | None = None,
        guidance_rescale: float | int = 0.7,
        eta: float | int = 1.0,
        motion_fps: int | Sequence[int] = 10,
        sketches: Sketches | None = None,
        sketch_scale: float | int = 1.0,
        sketch_guidance_start: float | int = 0.0,
        sketch_guidance_end: float | int = 1.0,
        sketch_context: str = "full",
        sketch_unconditional: bool = True,
        sketch_strokes: str = "auto",
        height: int | None = None,
        width: int | None = None,
        preprocessing: str = "native",
        posterior: str = "mean",
        generator: Generators = None,
        latents: Float[Tensor, "..."] | None = None,
        step_noise: StepNoise | None = None,
        double_decode: bool | None = None,
        enlarge: str = "auto",
        return_keys: bool = True,
        output_type: str = "pil",
        callback_on_step_end: StepCallback | None = None,
    ) -> ToonInterpolationOutput:
        """Draw a clip that begins with one key and ends with another; lists of keys make a batch.

        Args:
            first: The first key: a PIL image, an array (h, w, c) or a float tensor (3, h, w) in 0…1, without alpha.
            last: The last key, the same size.
            prompt: A line of text, or one a sample.
            prompt_embeds: Features of the prompt (batch, 77, dim) instead of it.
            negative_prompt: What the unconditional prediction is told.
            negative_prompt_embeds: Features of that instead of it.
            num_frames: Frames of the clip, the keys counted; at least 2. The published model was trained on 16.
            num_inference_steps: Denoising steps, 1…1000.
            guidance_scale: How strongly prompt and picture are followed; 1 halves the work and turns guidance off.
            image_guidance_scale: How strongly the picture alone is followed, with a third prediction a step.
            guidance_rescale: 0…1, how far guidance's widening is undone.
            eta: 0…1, fresh noise of each step.
            motion_fps: Frames per second at which the motion looks natural; smaller means more motion.
            sketches: Frame index (the keys counted, so that the first in-between is 1) → sketch: a picture, read
                whatever its lines stand on, or `Lines`; of any size, with the keys' aspect ratio. For a batch perhaps
                one mapping a sample. Frames without one are free.
            sketch_scale: How strongly sketches are followed, 0 or more. The paper implies 1, the community uses 0.6.
            sketch_guidance_start: Part of the denoising, 0…1, before which sketches do nothing.
            sketch_guidance_end: Part of the denoising after which they do nothing.
            sketch_context: What the sketch encoder is shown beside each frame: "full" is the whole context, "per-frame"
                the text and the frame's own image tokens, "text" the text. The community uses "full"; what the
                authors used was never published.
            sketch_unconditional: Whether sketches are added to every prediction of a step, as the community does, or
                to the fully conditional one only.
            sketch_strokes: "auto" redraws strokes that would be too thin or too thick for the sketch encoder at the
                working size; "keep" leaves them.
            height: Height to work at; frames still come back at the keys' size. With an original front end, the
                height of its crop.
            width: The same for the width.
            preprocessing: "native", or "cli" and "gradio" for the published front ends, which scale and crop the keys
                to 320×512 (or height × width); the clip then has that size and the keys in it are the cropped ones.
            posterior: Whether key latents are the posterior's mean or drawn from it.
            generator: Where random numbers come from; a list has one generator a sample.
            latents: Starting latents (batch, 4, frames, h/8, w/8) of the padded working size.
            step_noise: Index of a step → its noise, instead of drawing it.
            double_decode: Decode a second time without the second and the last but one frame and take the middle of
                the clip from there, as published; None for what the model says.
            enlarge: How frames drawn smaller than the keys (see `height` and `width`) come back to their size: "resize"
                scales them; "keys" takes the keys' own pixels where they fit, which keeps lines sharp; "auto" does so
                if the decoder itself draws with the keys' pixels.
            return_keys: Put the keys themselves in the first and the last place, not what the decoder made of them.
            output_type: "pil", "pt", "np" or "latent".
            callback_on_step_end: Called after each step as in diffusers; may give back other latents.

        Raises:
            InputError: An argument has an impossible value.
            ShapeError: Sizes do not fit.
            UnavailableError: The pipeline lacks the part that an argument needs.
        """
        check_output_type(output_type)
        check_enlarging(enlarge)
        _check_run(num_frames=num_frames, eta=eta, posterior=posterior)
        follow = SketchGuidance(
            scale=sketch_scale,
            start=sketch_guidance_start,
            end=sketch_guidance_end,
            context=sketch_context,
            unconditional=sketch_unconditional,
            strokes=sketch_strokes,
        )
        guidance = Guidance(
            scale=float(guidance_scale),
            image_scale=None if image_guidance_scale is None else float(image_guidance_scale),
            rescale=float(guidance_rescale),
        )
        keys = prepare_keys(
            first,
            last,
            multiple=self.pixel_multiple,
            preprocessing=preprocessing,
            height=height,
            width=width,
        )
        batch = keys.pixels.shape[0]
        check_generators(generator, batch=batch)
        self.scheduler.set_timesteps(num_inference_steps)
        hints = None
        if sketches is not None:
            hints = self._hints(sketches, keys, num_frames=num_frames, follow=follow)
        rates = self._motion_fps(motion_fps, batch)
        device = self._execution_device

        text = self.encode_prompt(prompt, prompt_embeds, batch=batch)
        negative = None
        if guidance.num_predictions > 1:
            negative = self.encode_prompt(negative_prompt, negative_prompt_embeds, batch=batch)
        key_latents, references = encode_keys(
            self.vae,
            keys.pixels.to(device, self.vae.dtype),
            num_frames=num_frames,
            sample=posterior == "sample",
            generator=generator,
        )
        noisy = starting_latents(
            latents, tuple(key_latents.shape), generator=generator, device=device
        )
        conditions = Conditions(
            contexts=self._contexts(keys, text, negative, guidance),
            key_latents=key_latents,
            motion_fps=rates,
            hints=hints,
        )
        denoiser = Denoiser(
            unet=self.unet,
            sketch_encoder=self.sketch_encoder,
            conditions=conditions,
            guidance=guidance,
            sketch_guidance=follow,
            num_steps=num_inference_steps,
        )
        with self.progress_bar(total=num_inference_steps) as bar:  # pyright: ignore[reportCallIssue]  a decorator hides it
            for index, timestep in enumerate(self.scheduler.timesteps.tolist()):
                velocity = denoiser.velocity(noisy, step=index, timestep=timestep)
                fresh = noise_of_step(step_noise, index, noisy, generator=generator)
                noisy, _ = self.scheduler.step(
                    velocity,
                    timestep,
                    noisy,
                    eta=float(eta),
                    variance_noise=fresh,
                    return_dict=False,
                )
                if callback_on_step_end is not None:
                    given = callback_on_step_end(self, index, timestep, {"latents": noisy})
                    noisy = (given or {}).get("latents", noisy)
                bar.update()
        if output_type == "latent":
            self.maybe_free_model_hooks()
            return ToonInterpolationOutput(frames=noisy)
        twice = self.config["double_decode"] if double_decode is None else double_decode
        working = decode_clips(self.vae, noisy, references, double_decode=twice)
        frames = bring_to_size(working, keys, enlarge=enlarge, matching=self.vae.decoder.matching)
        if return_keys:
            frames = place_keys(frames, keys.shown)
        self.maybe_free_model_hooks()
        return ToonInterpolationOutput(frames=to_output(frames, output_type))

    @property
    def pixel_multiple(self) -> int:
        """What both sides of the working size are multiples of: 64 for the published model."""
        return pixel_multiple(len(self.unet.config["channel_mult"]), self.vae.downsampling)

    def encode_prompt(
        self,
        prompt: str | Sequence[str],
        prompt_embeds: Float[Tensor, "..."] | None = None,
        *,
        batch: int = 1,
    ) -> Float[Tensor, "b n d"]:
        """Features of every token of the prompts, or those given, checked; one prompt serves a whole batch.

        Raises:
            ShapeError: Given features have another shape, or there are prompts for another number of samples.
            InputError: Given features are not finite.
            UnavailableError: There is no text encoder, or no tokenizer for a prompt that is not empty.
        """
        if prompt_embeds is not None:
            config = self.unet.config
            embeds = check_embeds(
                prompt_embeds,
                batch=batch,
                length=config["text_tokens"],
                width=config["context_dim"],
            )
            return embeds.to(self._execution_device)
        if self.text_encoder is None and self.config["without_text"]:
            return self._no_text(prompt, batch=batch)
        if self.text_encoder is None:
            raise UnavailableError(
                "this pipeline has no text encoder",
                hint="give prompt_embeds, and negative_prompt_embeds unless guidance_scale is 1",
            )
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        if len(prompts) not in (1, batch):
            raise ShapeError(f"{len(prompts)} prompts for {batch} pairs of keys")
        ids = prompt_ids(
            prompts,
            self.tokenizer,
            length=self.unet.config["text_tokens"],
            vocabulary=self.text_encoder.config.vocab_size,
        )
        features = text_features(self.text_encoder, ids.to(self._execution_device))
        return features.expand(batch, -1, -1)

    def _no_text(self, prompt: str | Sequence[str], *, batch: int) -> Tensor:
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        if any(prompts):
            raise UnavailableError(
                "this model was trained without captions, so a prompt means nothing to it",
                hint="leave the prompt out",
            )
        config = self.unet.config
        shape = (batch, config["text_tokens"], config["context_dim"])
        return torch.zeros(shape, device=self._execution_device)

    def _contexts(
        self, keys: PreparedKeys, text: Tensor, negative: Tensor | None, guidance: Guidance
    ) -> tuple[Tensor, ...]:
        """Text and image tokens of each prediction; the unconditional picture is mid-grey, not an absent one."""
        picture = self._image_tokens(keys.clip_pictures)
        contexts = [(text, picture)]
        if negative is not None:
            grey = torch.zeros_like(keys.clip_pictures[:1])
            contexts.append((negative, self._image_tokens(grey).expand_as(picture)))
            if guidance.num_predictions == 3:
                contexts.append((negative, picture))
        dtype = self.unet.dtype
        return tuple(torch.cat([t.to(dtype), p.to(dtype)], dim=1) for t, p in contexts)

    def _image_tokens(self, pictures: Tensor) -> Tensor:
        features = image_features(self.image_encoder, pictures.to(self._execution_device))
        return self.image_projector(features.to(self.image_projector.dtype))

    def _hints(
        self, sketches: Sketches, keys: PreparedKeys, *, num_frames: int, follow: SketchGuidance
    ) -> Tensor | None:
        hints = prepare_hints(sketches, keys, num_frames=num_frames, strokes=follow.strokes)
        if hints is None:
            return None
        if self.sketch_encoder is None:
            raise UnavailableError(
                "sketches were given, but this pipeline has no sketch encoder",
                hint="pass sketch_encoder= when loading the pipeline",
            )
        follow.check_steps(len(self.scheduler.timesteps))
        return hints.to(self._execution_device)

    def _motion_fps(self, motion_fps: int | Sequence[int], batch: int) -> Tensor:
        rates = [motion_fps] * batch if isinstance(motion_fps, int) else list(motion_fps)
        if len(rates) != batch:
            raise ShapeError(f"{len(rates)} motion rates for {batch} pairs of keys")
        if any(rate < 1 for rate in rates):
            raise InputError(f"motion_fps={motion_fps} is not positive")
        return torch.tensor(rates, device=self._execution_device)


def _check_run(*, num_frames: int, eta: float | int, posterior: str) -> None:
    if num_frames < 2:
        raise InputError(f"num_frames={num_frames}", hint="the two keys are counted, so at least 2")
    if not (math.isfinite(eta) and 0 <= eta <= 1):
        raise InputError(f"eta={eta} is not within 0…1")
    if posterior not in ("mean", "sample"):
        raise InputError(f"posterior={posterior!r}", hint="use mean or sample")
