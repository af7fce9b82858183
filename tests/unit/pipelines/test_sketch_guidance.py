"""How sketches steer a run: when, how strongly, on which predictions, beside which context."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.tiny_pipeline import line_sketch, noise_key
from toontween.diffusion.guidance import Guidance
from toontween.drawing.lines import Ground, Lines
from toontween.errors import InputError, ToonTweenWarning
from toontween.models.sketch_encoder import sketch_residuals
from toontween.pipelines.denoising import (
    Conditions,
    Denoiser,
    SketchGuidance,
    check_flag,
    check_number,
)
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

SKETCH = line_sketch(3)


def run(pipe: ToonInterpolationPipeline, **options: Any) -> Tensor:
    defaults: dict[str, Any] = {
        "first": noise_key(1),
        "last": noise_key(2),
        "num_frames": 4,
        "num_inference_steps": 2,
        "guidance_scale": 1,
        "output_type": "latent",
        "generator": torch.Generator().manual_seed(5),
    }
    return pipe(**(defaults | options)).frames


@contextmanager
def counted(pipe: ToonInterpolationPipeline) -> Iterator[list[int]]:
    """How many frames the sketch encoder was shown in each of its runs."""
    frames: list[int] = []
    assert pipe.sketch_encoder is not None
    hook = pipe.sketch_encoder.register_forward_pre_hook(
        lambda _, arguments: frames.append(len(arguments[0]))
    )
    try:
        yield frames
    finally:
        hook.remove()


def test_sketches_of_strength_zero_change_nothing_and_cost_nothing(tiny_pipeline):
    with counted(tiny_pipeline) as frames:
        sketched = run(tiny_pipeline, sketches={1: SKETCH}, sketch_scale=0)
    assert frames == []
    assert torch.equal(sketched, run(tiny_pipeline))


def test_no_sketches_cost_nothing(tiny_pipeline):
    with counted(tiny_pipeline) as frames:
        run(tiny_pipeline, sketches={})
    assert frames == []


def test_blank_sketches_are_no_sketches(tiny_pipeline):
    blank = Lines(np.zeros((32, 48), np.float32))
    with pytest.warns(ToonTweenWarning) as warned:
        sketched = run(tiny_pipeline, sketches={2: blank})
    assert any("no sketch has a line" in str(warning.message) for warning in warned)
    assert torch.equal(sketched, run(tiny_pipeline))


@pytest.mark.parametrize("ground", Ground)
def test_one_drawing_gives_one_clip_whatever_it_stands_on(tiny_pipeline, ground):
    lines = Lines((255 - SKETCH[:, :, 0]) / np.float32(255))
    wanted = run(tiny_pipeline, sketches={1: SKETCH}, output_type="pt")
    assert torch.equal(
        run(tiny_pipeline, sketches={1: lines.draw(ground)}, output_type="pt"), wanted
    )


@pytest.mark.parametrize("frame", [0, 1, 3])
def test_a_sketch_of_any_frame_steers_the_clip(tiny_pipeline, frame):
    sketched = run(tiny_pipeline, sketches={frame: SKETCH})
    assert sketched.isfinite().all()
    assert not torch.allclose(sketched, run(tiny_pipeline), atol=1e-3)


def test_a_sketch_means_something_else_at_another_frame_or_strength(tiny_pipeline):
    clips = [
        run(tiny_pipeline, sketches={1: SKETCH}),
        run(tiny_pipeline, sketches={2: SKETCH}),
        run(tiny_pipeline, sketches={1: SKETCH, 2: SKETCH}),
        run(tiny_pipeline, sketches={1: line_sketch(4)}),
        run(tiny_pipeline, sketches={1: SKETCH}, sketch_scale=0.6),
    ]
    for number, clip in enumerate(clips):
        for other in clips[:number]:
            assert not torch.allclose(clip, other, atol=1e-4)


@pytest.mark.parametrize("num_frames", [8, 16, 23])
def test_clips_of_any_length_follow_sketches(tiny_pipeline, num_frames):
    sketched = run(
        tiny_pipeline,
        num_frames=num_frames,
        num_inference_steps=1,
        sketches={num_frames - 2: SKETCH},
        output_type="pt",
    )
    assert sketched.shape == (1, num_frames, 3, 32, 48)
    plain = run(tiny_pipeline, num_frames=num_frames, num_inference_steps=1, output_type="pt")
    assert not torch.allclose(sketched, plain, atol=1e-3)


@pytest.mark.parametrize(("context", "num_frames"), [("full", 5), ("per-frame", 16), ("text", 3)])
def test_each_sample_of_a_batch_is_what_it_is_alone_with_its_own_sketches(
    tiny_pipeline, context, num_frames
):
    firsts, lasts = [noise_key(n) for n in (1, 2, 3)], [noise_key(n) for n in (4, 5, 6)]
    sketches = [{1: SKETCH, 2: line_sketch(4)}, {}, {num_frames - 1: line_sketch(5), 0: SKETCH}]
    rates, options = [8, 12, 24], {"sketch_context": context, "num_frames": num_frames}
    options |= {"guidance_scale": 3, "num_inference_steps": 1}
    together = run(
        tiny_pipeline,
        first=firsts,
        last=lasts,
        sketches=sketches,
        motion_fps=rates,
        generator=[torch.Generator().manual_seed(seed) for seed in range(3)],
        **options,
    )
    for sample in range(3):
        alone = run(
            tiny_pipeline,
            first=firsts[sample],
            last=lasts[sample],
            sketches=sketches[sample],
            motion_fps=rates[sample],
            generator=torch.Generator().manual_seed(sample),
            **options,
        )
        assert torch.allclose(together[sample : sample + 1], alone, atol=1e-3)


def test_the_encoder_is_shown_the_samples_with_sketches_only(tiny_pipeline):
    with counted(tiny_pipeline) as frames:
        run(
            tiny_pipeline,
            first=[noise_key(1)] * 3,
            last=[noise_key(2)] * 3,
            sketches=[{}, {1: SKETCH}, {}],
        )
    assert frames == [4, 4]


@pytest.mark.parametrize(
    ("start", "end", "guided"),
    [(0, 1, 4), (0, 0.5, 2), (0.5, 1, 2), (0.3, 0.8, 1), (0.25, 1, 3), (0, 0.99, 3)],
)
def test_sketches_act_in_the_steps_between_start_and_end(tiny_pipeline, start, end, guided):
    with counted(tiny_pipeline) as frames:
        run(
            tiny_pipeline,
            num_inference_steps=4,
            sketches={1: SKETCH},
            sketch_guidance_start=start,
            sketch_guidance_end=end,
        )
    assert frames == [4] * guided


def test_steps_are_chosen_as_diffusers_does():
    generator = np.random.default_rng(1)
    for _ in range(200):
        num_steps = int(generator.integers(1, 60))
        start, end = sorted(generator.integers(0, 21, 2) / 20)
        if start == end:
            continue
        guidance = SketchGuidance(start=float(start), end=float(end))
        for step in range(num_steps):
            keep = 1.0 - float(step / num_steps < start or (step + 1) / num_steps > end)
            assert guidance.acts_in(step, num_steps=num_steps) == bool(keep)


def test_before_the_start_a_run_is_one_without_sketches(tiny_pipeline):
    def latents_after_each_step(**options: Any) -> list[Tensor]:
        seen: list[Tensor] = []

        def watch(_pipeline, _step, _timestep, values):
            seen.append(values["latents"])
            return {}

        run(tiny_pipeline, callback_on_step_end=watch, num_inference_steps=3, **options)
        return seen

    plain = latents_after_each_step()
    late = latents_after_each_step(sketches={1: SKETCH}, sketch_guidance_start=0.6)
    assert [torch.equal(a, b) for a, b in zip(plain, late, strict=True)] == [True, True, False]


@pytest.mark.parametrize(
    ("options", "predictions"),
    [
        ({"guidance_scale": 1}, 1),
        ({"guidance_scale": 3}, 2),
        ({"guidance_scale": 3, "image_guidance_scale": 2}, 3),
    ],
)
def test_every_prediction_or_the_conditional_one_alone_follows_sketches(
    tiny_pipeline, options, predictions
):
    with counted(tiny_pipeline) as frames:
        everywhere = run(tiny_pipeline, sketches={1: SKETCH}, **options)
    assert len(frames) == 2 * predictions
    with counted(tiny_pipeline) as frames:
        alone = run(tiny_pipeline, sketches={1: SKETCH}, sketch_unconditional=False, **options)
    assert len(frames) == 2
    assert torch.equal(everywhere, alone) == (predictions == 1)


@pytest.fixture
def denoiser(tiny_pipeline) -> Callable[..., Denoiser]:
    def build(*, frames: int = 16, batch: int = 2, **follow: Any) -> Denoiser:
        generator = torch.Generator().manual_seed(1)
        conditions = Conditions(
            contexts=tuple(torch.randn(batch, 77 + 256, 32, generator=generator) for _ in range(2)),
            key_latents=torch.randn(batch, 4, frames, 2, 4, generator=generator),
            motion_fps=torch.full((batch,), 10),
            hints=(torch.rand(batch, frames, 1, 16, 32, generator=generator) > 0.8).float(),
        )
        return Denoiser(
            unet=tiny_pipeline.unet,
            sketch_encoder=tiny_pipeline.sketch_encoder,
            conditions=conditions,
            guidance=Guidance(scale=3.0, rescale=0.0),
            sketch_guidance=SketchGuidance(**follow),
            num_steps=1,
        )

    return build


def noisy(*, frames: int = 16, batch: int = 2) -> Tensor:
    return torch.randn(batch, 4, frames, 2, 4, generator=torch.Generator().manual_seed(2))


def text(tokens: Tensor, _frames: int) -> Tensor:
    return tokens[:, :77]


def whole(tokens: Tensor, _frames: int) -> Tensor:
    return tokens


def own_tokens(tokens: Tensor, frames: int) -> Tensor:
    """Made by hand, frame by frame."""
    rows = [
        torch.cat([clip[:77], clip[77 + 16 * frame : 77 + 16 * (frame + 1)]])
        for clip in tokens
        for frame in range(frames)
    ]
    return torch.stack(rows)


@pytest.mark.parametrize(
    ("mode", "frames", "by_hand"),
    [
        ("full", 16, whole),
        ("text", 16, text),
        ("per-frame", 16, own_tokens),
        ("full", 8, whole),
        ("text", 23, text),
        ("per-frame", 8, whole),
        ("per-frame", 23, whole),
        ("per-frame", 1, whole),
    ],
)
@torch.inference_mode()
def test_each_context_mode_shows_what_it_says(denoiser, tiny_pipeline, mode, frames, by_hand):
    subject = denoiser(frames=frames, context=mode, scale=0.6)
    told = subject.conditions
    latents, steps = noisy(frames=frames), torch.tensor([499, 499])
    wanted = [
        tiny_pipeline.unet(
            torch.cat([latents, told.key_latents], dim=1),
            steps,
            context,
            motion_fps=told.motion_fps,
            sketch_residuals=sketch_residuals(
                tiny_pipeline.sketch_encoder,
                latents,
                timestep=steps,
                context=by_hand(context, frames),
                hints=told.hints,
                scale=0.6,
            ),
        )
        for context in told.contexts
    ]
    found = subject.velocity(latents, step=0, timestep=499)
    assert torch.allclose(found, subject.guidance.combine(wanted), atol=1e-5)


def test_the_context_modes_differ_at_the_trained_length(denoiser):
    with torch.inference_mode():
        found = [
            denoiser(context=mode).velocity(noisy(), step=0, timestep=499)
            for mode in ("full", "per-frame", "text")
        ]
    assert not torch.allclose(found[0], found[1], atol=1e-4)
    assert not torch.allclose(found[0], found[2], atol=1e-4)
    assert not torch.allclose(found[1], found[2], atol=1e-4)


@torch.inference_mode()
def test_without_the_unconditional_prediction_only_the_other_is_sketched(denoiser, tiny_pipeline):
    subject = denoiser(unconditional=False)
    told = subject.conditions
    latents, steps = noisy(), torch.tensor([499, 499])
    sample = torch.cat([latents, told.key_latents], dim=1)
    residuals = sketch_residuals(
        tiny_pipeline.sketch_encoder,
        latents,
        timestep=steps,
        context=told.contexts[0],
        hints=told.hints,
    )
    conditional = tiny_pipeline.unet(
        sample, steps, told.contexts[0], motion_fps=told.motion_fps, sketch_residuals=residuals
    )
    unconditional = tiny_pipeline.unet(sample, steps, told.contexts[1], motion_fps=told.motion_fps)
    found = subject.velocity(latents, step=0, timestep=499)
    assert torch.allclose(found, subject.guidance.combine([conditional, unconditional]), atol=1e-5)


@pytest.mark.parametrize("value", ["0.6", True, None, float("inf"), -1, [1.0]])
def test_a_strength_is_a_number_from_zero_on(value):
    with pytest.raises(InputError, match="sketch_scale="):
        check_number("sketch_scale", value)


@pytest.mark.parametrize("value", ["false", 0, None])
def test_a_flag_is_true_or_false(value):
    with pytest.raises(InputError, match="sketch_unconditional="):
        check_flag("sketch_unconditional", value)
