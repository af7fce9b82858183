"""Every impossible argument of a call gets an error that names it, before anything is computed."""

from typing import Any

import pytest
import torch

from tests.tiny_pipeline import line_sketch, noise_key
from toontween.errors import InputError, ShapeError, ToonTweenError, UnavailableError
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

SHAPE = (1, 4, 4, 4, 6)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"num_frames": 1}, InputError, "num_frames=1"),
        ({"num_inference_steps": 0}, InputError, "num_inference_steps=0"),
        ({"num_inference_steps": 1001}, InputError, "num_inference_steps=1001"),
        ({"eta": -0.5}, InputError, "eta=-0.5"),
        ({"eta": float("nan")}, InputError, "eta=nan"),
        ({"posterior": "mode"}, InputError, "posterior='mode'"),
        ({"output_type": "gif"}, InputError, "output_type='gif'"),
        ({"enlarge": "magic"}, InputError, "enlarge='magic'"),
        ({"preprocessing": "squash"}, InputError, "preprocessing='squash'"),
        ({"guidance_scale": float("inf")}, InputError, "guidance_scale=inf"),
        ({"guidance_rescale": 1.5}, InputError, "guidance_rescale=1.5"),
        ({"motion_fps": 0}, InputError, "motion_fps=0"),
        ({"motion_fps": [8, 8]}, ShapeError, "2 motion rates"),
        ({"latents": torch.zeros(1, 4, 4, 4, 5)}, ShapeError, r"\(1, 4, 4, 4, 6\)"),
        ({"latents": torch.zeros(4, 4, 4, 6)}, ShapeError, "latents of shape"),
        ({"latents": torch.full(SHAPE, torch.nan)}, InputError, "not finite"),
        ({"step_noise": lambda _: torch.zeros(2)}, ShapeError, r"step_noise\(0\)"),
        ({"generator": [torch.Generator()] * 2}, InputError, "2 generators"),
        ({"prompt": ["a", "b"]}, ShapeError, "2 prompts"),
        ({"prompt": "a cat"}, UnavailableError, "no tokenizer"),
        ({"prompt_embeds": torch.zeros(1, 77, 8)}, ShapeError, r"\(1, 77, 32\)"),
        ({"prompt_embeds": torch.full((1, 77, 32), torch.inf)}, InputError, "not finite"),
        ({"sketches": {4: line_sketch(3)}}, InputError, "frame 4; the frames are 0…3"),
        ({"sketches": {-1: line_sketch(3)}}, InputError, "frame -1"),
        ({"sketches": [{}, {}]}, ShapeError, "2 sketch mappings"),
        ({"sketch_scale": -0.5}, InputError, "sketch_scale=-0.5"),
        ({"sketch_scale": float("nan")}, InputError, "sketch_scale=nan"),
        ({"sketch_guidance_start": -0.1}, InputError, "sketch_guidance_start=-0.1"),
        ({"sketch_guidance_start": 0.5, "sketch_guidance_end": 0.5}, InputError, "not before"),
        ({"sketch_guidance_end": 1.1}, InputError, "sketch_guidance_end=1.1"),
        ({"sketch_context": "whole"}, InputError, "sketch_context='whole'"),
        ({"sketch_strokes": "thin"}, InputError, "sketch_strokes='thin'"),
        (
            {"sketches": {1: line_sketch(3)}, "sketch_guidance_end": 0.5},
            InputError,
            "none of the 1 steps",
        ),
        ({"sketches": {1: line_sketch(3, width=50)}}, ShapeError, "50×32"),
        ({"last": noise_key(2, width=50)}, ShapeError, "differ in size"),
        ({"last": torch.zeros(4, 32, 48)}, InputError, "alpha"),
    ],
)
def test_an_impossible_argument_is_named(
    tiny_pipeline: ToonInterpolationPipeline,
    options: dict[str, Any],
    error: type[ToonTweenError],
    says: str,
):
    defaults: dict[str, Any] = {
        "first": noise_key(1),
        "last": noise_key(2),
        "num_frames": 4,
        "num_inference_steps": 1,
        "output_type": "latent",
    }
    with pytest.raises(error, match=says):
        tiny_pipeline(**(defaults | options))


def without(pipe: ToonInterpolationPipeline, *names: str) -> ToonInterpolationPipeline:
    parts: dict[str, Any] = pipe.components | dict.fromkeys(names)
    smaller = ToonInterpolationPipeline(**parts)
    smaller.set_progress_bar_config(disable=True)
    return smaller


def test_sketches_need_a_sketch_encoder(tiny_pipeline: ToonInterpolationPipeline):
    pipe = without(tiny_pipeline, "sketch_encoder")
    with pytest.raises(UnavailableError, match="sketch_encoder="):
        pipe(noise_key(1), noise_key(2), sketches={1: line_sketch(3)})


def test_without_a_text_encoder_embeddings_are_needed(tiny_pipeline: ToonInterpolationPipeline):
    pipe = without(tiny_pipeline, "text_encoder")
    embeds = torch.zeros(1, 77, 32)
    options: dict[str, Any] = {
        "num_frames": 3,
        "num_inference_steps": 1,
        "output_type": "latent",
        "prompt_embeds": embeds,
    }
    with pytest.raises(UnavailableError, match="negative_prompt_embeds"):
        pipe(noise_key(1), noise_key(2), **options)
    guided = pipe(noise_key(1), noise_key(2), negative_prompt_embeds=embeds, **options).frames
    alone = pipe(noise_key(1), noise_key(2), guidance_scale=1, **options).frames
    assert guided.shape == alone.shape == (1, 4, 3, 4, 6)
