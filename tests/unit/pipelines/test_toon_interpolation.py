from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from tests.tiny_pipeline import line_sketch, noise_key
from toontween.models.blocks.key_matching import KeyMatching
from toontween.pipelines import toon_interpolation
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

FIRST, LAST = noise_key(1), noise_key(2)


def run(pipe: ToonInterpolationPipeline, *, seed: int = 5, **options: Any) -> Tensor:
    defaults: dict[str, Any] = {
        "num_frames": 4,
        "num_inference_steps": 2,
        "guidance_scale": 1,
        "output_type": "latent",
        "generator": torch.Generator().manual_seed(seed),
    }
    first, last = options.pop("first", FIRST), options.pop("last", LAST)
    return pipe(first, last, **(defaults | options)).frames


def test_keys_come_back_bit_for_bit_between_drawn_frames(tiny_pipeline: ToonInterpolationPipeline):
    frames = run(tiny_pipeline, output_type="pt")
    assert frames.shape == (1, 4, 3, 32, 48)
    assert torch.equal(frames[0, 0], FIRST)
    assert torch.equal(frames[0, -1], LAST)
    assert frames.isfinite().all()
    assert frames[0, 1:-1].std() > 0.01


def test_pil_and_array_results_hold_the_same_pictures(tiny_pipeline: ToonInterpolationPipeline):
    image = Image.fromarray((FIRST * 255).round().byte().permute(1, 2, 0).numpy())
    [images] = tiny_pipeline(
        image,
        image,
        num_frames=3,
        num_inference_steps=1,
        generator=torch.Generator().manual_seed(1),
    ).frames
    arrays = tiny_pipeline(
        np.asarray(image),
        np.asarray(image),
        num_frames=3,
        num_inference_steps=1,
        generator=torch.Generator().manual_seed(1),
        output_type="np",
    ).frames
    assert arrays.shape == (1, 3, 32, 48, 3)
    assert images[0].tobytes() == images[2].tobytes() == image.tobytes()
    np.testing.assert_array_equal(np.asarray(images[1]), np.round(arrays[0, 1] * 255))


def test_the_decoder_s_own_end_frames_can_be_had(tiny_pipeline: ToonInterpolationPipeline):
    kept = run(tiny_pipeline, output_type="pt")
    decoded = run(tiny_pipeline, output_type="pt", return_keys=False)
    assert torch.equal(decoded[:, 1:-1], kept[:, 1:-1])
    assert not torch.equal(decoded[:, 0], kept[:, 0])


@pytest.mark.parametrize("num_frames", [2, 3, 5, 17])
def test_clips_of_any_length_are_drawn(tiny_pipeline: ToonInterpolationPipeline, num_frames: int):
    frames = run(tiny_pipeline, num_frames=num_frames, num_inference_steps=1, output_type="pt")
    assert frames.shape == (1, num_frames, 3, 32, 48)
    assert frames.isfinite().all()


def test_an_odd_size_comes_back_at_that_size(tiny_pipeline: ToonInterpolationPipeline):
    keys: dict[str, Any] = {
        "first": noise_key(1, height=21, width=37),
        "last": noise_key(2, height=21, width=37),
    }
    frames = run(tiny_pipeline, output_type="pt", **keys)
    assert frames.shape == (1, 4, 3, 21, 37)
    assert torch.equal(frames[0, 0], keys["first"])
    assert run(tiny_pipeline, **keys).shape == (1, 4, 4, 4, 6)


def test_a_smaller_working_size_still_gives_the_keys_size(
    tiny_pipeline: ToonInterpolationPipeline,
):
    assert run(tiny_pipeline, height=16).shape == (1, 4, 4, 2, 4)
    frames = run(tiny_pipeline, height=16, output_type="pt")
    assert frames.shape == (1, 4, 3, 32, 48)
    assert torch.equal(frames[0, -1], LAST)


def test_drawings_made_smaller_come_back_with_the_keys_own_pixels_where_they_fit(
    tiny_pipeline: ToonInterpolationPipeline, monkeypatch
):
    first = noise_key(1, height=64, width=96)

    def copied(*_: Any, **__: Any) -> Tensor:
        # what a perfect model would have drawn between two equal keys: the key as the model sees it
        small = F.interpolate(first[None], (32, 48), mode="bicubic", antialias=True).clamp(0, 1)
        return small[:, None].expand(1, 4, 3, 32, 48)

    monkeypatch.setattr(toon_interpolation, "decode_clips", copied)
    both = {"first": first, "last": first, "height": 32, "width": 48, "output_type": "pt"}
    plain = run(tiny_pipeline, **both)
    sharp = run(tiny_pipeline, **both, enlarge="keys")
    assert torch.equal(
        plain, run(tiny_pipeline, **both, enlarge="resize")
    )  # by itself: no matching
    assert sharp.shape == plain.shape == (1, 4, 3, 64, 96)
    assert (sharp[0, 1] - first).abs().mean() < 0.2 * (plain[0, 1] - first).abs().mean()


def test_a_decoder_that_matches_keys_judges_what_fits_at_their_size(
    tiny_pipeline: ToonInterpolationPipeline, monkeypatch
):
    asked: list[tuple[int, ...]] = []

    class Judge(KeyMatching):
        def forward(
            self, pictures: Tensor, hidden: Tensor | None, keys: Tensor, soft_keys: Tensor
        ) -> Tensor:
            asked.append(tuple(pictures.shape))
            assert hidden is None
            assert keys.shape == soft_keys.shape == (1, 3, 2, 64, 96)
            return pictures

    monkeypatch.setattr(
        toon_interpolation, "decode_clips", lambda *_, **__: torch.full((1, 4, 3, 32, 48), 0.5)
    )
    monkeypatch.setattr(tiny_pipeline.vae.decoder, "matching", Judge(8))
    run(
        tiny_pipeline,
        first=noise_key(1, height=64, width=96),
        last=noise_key(2, height=64, width=96),
        height=32,
        width=48,
        output_type="pt",
    )
    assert asked == [(1, 3, 64, 96)] * 4


def test_drawings_made_at_the_keys_size_are_the_same_either_way(
    tiny_pipeline: ToonInterpolationPipeline,
):
    plain, sharp = (run(tiny_pipeline, output_type="pt", enlarge=e) for e in ("resize", "keys"))
    assert torch.equal(plain, sharp)


def test_equal_seeds_give_equal_bytes_and_others_do_not(tiny_pipeline: ToonInterpolationPipeline):
    first = run(tiny_pipeline)
    assert torch.equal(first, run(tiny_pipeline))
    assert not torch.allclose(first, run(tiny_pipeline, seed=6), atol=1e-2)


def test_given_noise_replaces_drawn_noise(tiny_pipeline: ToonInterpolationPipeline):
    generator = torch.Generator().manual_seed(5)
    shape = (1, 4, 4, 4, 6)
    start, *steps = [torch.randn(shape, generator=generator) for _ in range(3)]
    given = run(tiny_pipeline, latents=start, step_noise=lambda index: steps[index], generator=None)
    assert torch.equal(given, run(tiny_pipeline))


def test_each_sample_of_a_batch_is_what_it_is_alone(tiny_pipeline: ToonInterpolationPipeline):
    generators = [torch.Generator().manual_seed(seed) for seed in (5, 6)]
    together = run(
        tiny_pipeline,
        first=[FIRST, LAST],
        last=[LAST, FIRST],
        generator=generators,
        motion_fps=[8, 24],
        guidance_scale=3,
        output_type="pt",
        return_keys=False,
    )
    alone = run(
        tiny_pipeline,
        first=LAST,
        last=FIRST,
        seed=6,
        motion_fps=24,
        guidance_scale=3,
        output_type="pt",
        return_keys=False,
    )
    assert torch.allclose(together[1:], alone, atol=1e-3)


def test_the_posterior_can_be_sampled(tiny_pipeline: ToonInterpolationPipeline):
    sampled = run(tiny_pipeline, posterior="sample")
    assert torch.equal(sampled, run(tiny_pipeline, posterior="sample"))
    assert not torch.allclose(sampled, run(tiny_pipeline), atol=1e-2)


@pytest.mark.parametrize(
    "changed",
    [
        {"guidance_scale": 7.5},
        {"guidance_scale": 7.5, "guidance_rescale": 0},
        {"guidance_scale": 7.5, "image_guidance_scale": 2},
        {"motion_fps": 24},
        {"eta": 0},
        {"sketches": {1: line_sketch(3)}},
    ],
    ids=" ".join,
)
def test_every_control_changes_the_drawing(
    tiny_pipeline: ToonInterpolationPipeline, changed: dict[str, Any]
):
    latents = run(tiny_pipeline, **changed)
    assert latents.isfinite().all()
    assert not torch.allclose(latents, run(tiny_pipeline), atol=1e-3)


def test_equal_image_and_text_scales_are_plain_guidance(tiny_pipeline: ToonInterpolationPipeline):
    plain = run(tiny_pipeline, guidance_scale=3.0)
    twice = run(tiny_pipeline, guidance_scale=3.0, image_guidance_scale=3.0)
    assert torch.allclose(plain, twice, atol=1e-3)


def test_the_middle_is_decoded_twice_when_asked(tiny_pipeline: ToonInterpolationPipeline):
    once = run(tiny_pipeline, num_frames=6, output_type="pt", double_decode=False)
    twice = run(tiny_pipeline, num_frames=6, output_type="pt", double_decode=True)
    changed = (once != twice).flatten(2).any(2)[0].tolist()
    assert changed == [False, False, True, True, False, False]


def test_the_callback_sees_every_step_and_may_replace_the_latents(
    tiny_pipeline: ToonInterpolationPipeline,
):
    seen: list[tuple[int, int]] = []

    def replace(pipeline, step, timestep, values):
        seen.append((step, timestep))
        return {"latents": torch.zeros_like(values["latents"])}

    latents = run(tiny_pipeline, callback_on_step_end=replace)
    assert seen == [(0, 999), (1, 499)]
    assert not latents.any()


def test_the_empty_prompt_needs_no_tokenizer(tiny_pipeline: ToonInterpolationPipeline):
    embeds = tiny_pipeline.encode_prompt("")
    given = run(tiny_pipeline, prompt_embeds=embeds, guidance_scale=2)
    assert torch.equal(given, run(tiny_pipeline, guidance_scale=2))
