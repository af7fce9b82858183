"""The paper's ablations at a small size: toon rectification I to V, the decoder, and sparse sketch guidance.

    python benchmarks/training_ablations.py WORK --squeezenet SQUEEZENET.npz [--plan gpu|cpu|trial]
        [--parts data autoencoder latents prior decoders rectification sketches measure]

Everything is trained from nothing on the procedural studio: an autoencoder on both looks, a prior on the `textured` look
(standing for live action), and from there each variant on the `cel` look (standing for cartoons). Each variant has the same
steps. Baselines in one run: `hold` and `crossfade` for motion, the prior (variant I) for rectification, the image decoder
for the decoder, no sketch for sketches. WORK holds the runs; every part goes on where it was stopped.

Plans: `gpu` has 16 drawings of 128×96 pixels and ends within minutes on one large card; `cpu` has 8 drawings of 48×32 behind an
autoencoder that divides sides by 4, and takes about two hours on two cores; `trial` tries the program, not the method, in a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from PIL import Image

from toontween.data.sketch_patterns import bisection_pattern, random_pattern
from toontween.drawing.lines import Lines
from toontween.errors import UnavailableError
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.perceptual import load_squeezenet, pooled_features, squeezenet_distance
from toontween.training.batches import Batch, SampleSet, collate
from toontween.training.config import DataConfig, DecoderConfig, NetworksConfig
from toontween.training.draws import Draws
from toontween.training.measures import clip_measures
from toontween.training.networks import Networks, build_networks, load_vae
from toontween.training.objectives.conditioning import noised, velocity_loss
from toontween.training.objectives.decoder import DecoderObjective
from toontween.training.objectives.video import draw_clips
from toontween.training.records import read_record

VARIANTS = {
    "I pretrained": "pretrained",
    "II projector + all": "all",
    "III bypass temporal": "bypass-temporal",
    "IV freeze temporal": "freeze-temporal",
    "V projector only": "projector-only",
}
DECODERS = ("full", "no-p3d", "no-har-no-p3d")
SKETCHES = ("paper", "all")
LOOKS = ("cel", "textured")
PARTS = (
    "data",
    "autoencoder",
    "latents",
    "prior",
    "decoders",
    "rectification",
    "sketches",
    "measure",
)
JUDGED_AT_ONCE = 8
MEASURES = ("distance", "psnr", "psnr_of_ends", "ssim", "motion", "pooled", "wanted")

Score = dict[str, torch.Tensor]
"""Measure → its value for every clip; and features of all pictures, drawn and wanted."""

Table = dict[str, dict[str, float]]

_DECODER_OF_IMAGES = DecoderConfig(variant="no-har-no-p3d")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large the ablations are made."""

    size: str
    """Of the studio's drawings."""

    scaled: tuple[int, int] | None = None
    """Width and height in pixels of what is learned, if other than that."""

    frames: int
    stride: int = 1
    """Every how-manieth drawing of the studio's 16 is taken."""

    clips: int
    """For training, of each look; 64 are held out."""

    steps: dict[str, int]
    batches: dict[str, int] = field(default_factory=dict)
    """Samples of a step where the recipe's number is not taken."""

    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Further settings of single stages."""

    at_once: int
    """Runs beside each other."""

    workers: int = 2
    """Processes that read clips, of each run."""

    held_out: int = 64


_CPU_UNET = (
    "networks.unet_size.channel_mult=[1,2,4]",
    "networks.unet_size.base_channels=32",
    "networks.unet_size.attention_factors=[2,4]",
    "networks.unet_size.num_frames=8",
    "networks.projector_size.num_frames=8",
    "optimizer.learning_rate=6e-4",
)
_CPU_AUTOENCODER = (
    "networks.vae_size.base_channels=24",
    "networks.vae_size.channel_mult=[1,2,4]",
    "networks.vae_size.reference_head_dim=8",
)

PLANS = {
    "gpu": Plan(
        size="128x96",
        frames=16,
        clips=1500,
        steps={
            "autoencoder": 2500,
            "prior": 2000,
            "decoders": 500,
            "rectification": 400,
            "sketches": 500,
        },
        batches={"decoders": 4},
        at_once=5,
    ),
    "cpu": Plan(
        size="96x64",
        scaled=(48, 32),
        frames=8,
        stride=2,
        clips=2400,
        steps={
            "autoencoder": 3000,
            "prior": 1250,
            "decoders": 1200,
            "rectification": 200,
            "sketches": 800,
        },
        batches={
            "autoencoder": 8,
            "prior": 16,
            "decoders": 2,
            "rectification": 16,
            "sketches": 16,
        },
        settings={
            "autoencoder": _CPU_AUTOENCODER,
            "prior": _CPU_UNET,
            "decoders": ("optimizer.learning_rate=1e-3",),
            "rectification": ("optimizer.learning_rate=3e-4",),
        },
        at_once=2,
        workers=0,
    ),
    "trial": Plan(
        size="64x64",
        frames=4,
        stride=4,
        clips=8,
        steps=dict.fromkeys(PARTS[1:-1], 4),
        batches=dict.fromkeys(PARTS[1:-1], 1),
        settings={
            "prior": ("networks.unet_size.num_frames=4", "networks.projector_size.num_frames=4")
        },
        at_once=2,
        workers=0,
        held_out=8,
    ),
}


def main() -> None:
    """Make the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--squeezenet", type=Path, required=True)
    parser.add_argument("--plan", choices=PLANS, default="gpu")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--precision", default="no", help="no or bf16")
    parser.add_argument("--out", type=Path, help="where results go; WORK if not given")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    out = given.out or given.work
    study = Study(given.work, out, given.squeezenet, PLANS[given.plan], given.precision)
    for part in given.parts:
        began = time.monotonic()
        getattr(study, part)()
        print(f"{part}: {time.monotonic() - began:.0f} s", flush=True)


class Study:
    """All runs of the ablations in one folder."""

    def __init__(self, work: Path, out: Path, squeezenet: Path, plan: Plan, precision: str) -> None:
        self.work, self.out, self.plan = work, out, plan
        self.squeezenet = squeezenet
        self.precision = precision
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def data(self) -> None:
        """Training and held-out clips of both looks."""
        commands: dict[str, list[str]] = {}
        for look in LOOKS:
            for split, seed, clips in (
                ("train", 1, self.plan.clips),
                ("held-out", 2, self.plan.held_out),
            ):
                name = f"{look}-{split}"
                command = ["data", "synth", "--seed", str(seed), "--clips", str(clips)]
                command += ["--frames", "16", "--size", self.plan.size, "--look", look]
                command += ["--workers", str(max(1, (os.cpu_count() or 2) // 2))]
                commands[name] = [*command, "-o", str(self.work / name)]
        self._run(commands)

    def autoencoder(self) -> None:
        """Encoder and image decoder, on both looks."""
        self._train({"autoencoder": ()}, "small_autoencoder", "autoencoder", looks=LOOKS)

    def latents(self) -> None:
        """The encoder has learned: all that trains behind it reads latents."""
        commands: dict[str, list[str]] = {}
        for look in LOOKS:
            command = ["data", "encode", str(self.work / f"{look}-train")]
            command += ["--mirrored", "--vae", str(self.work / "autoencoder" / "model" / "vae")]
            if self.plan.scaled is not None:
                command += ["--size", "{}x{}".format(*self.plan.scaled)]
            commands[f"{look}-latents"] = [*command, "-o", str(self.work / f"{look}-latents")]
        self._run(commands)

    def prior(self) -> None:
        """The denoiser of the textured look."""
        self._train({"prior": (self._vae(),)}, "small_prior", "prior", looks=LOOKS[1:])

    def decoders(self) -> None:
        """The dual-reference decoder and what it is without its parts."""
        perceptual = (
            "objective.perceptual=squeezenet",
            f"objective.perceptual_weights={self.squeezenet}",
        )
        runs = {
            f"decoder-{v}": (self._vae(), f"objective.variant={v}", *perceptual) for v in DECODERS
        }
        self._train(runs, "small_decoder", "decoders")

    def rectification(self) -> None:
        """Variants II to V; I is the prior."""
        start = f"networks.start={self.work}/prior/model"
        runs = {
            f"rectified-{variant}": (start, f"objective.variant={variant}")
            for variant in VARIANTS.values()
            if variant != "pretrained"
        }
        self._train(runs, "small_rectification", "rectification")

    def sketches(self) -> None:
        """Two sketch encoders."""
        start = f"networks.start={self.work}/rectified-freeze-temporal/model"
        runs = {f"sketch-{p}": (start, f"objective.patterns={p}") for p in SKETCHES}
        self._train(runs, "small_sketch", "sketches")

    def _vae(self) -> str:
        return f"networks.vae={self.work}/autoencoder/model/vae"

    def _train(
        self,
        runs: dict[str, tuple[str, ...]],
        recipe: str,
        stage: str,
        *,
        looks: tuple[str, ...] = ("cel",),
    ) -> None:
        plan, steps = self.plan, self.plan.steps[stage]
        fields = [
            f"data.shards={json.dumps([str(self.work / f'{look}-train') for look in looks])}",
            f"data.validation={json.dumps([str(self.work / f'{looks[0]}-held-out')])}",
            f"data.strides=[{plan.stride}]",
            f"data.workers={plan.workers}",
            f"loop.steps={steps}",
            f"loop.log_every={max(1, steps // 100)}",
            f"loop.precision={self.precision}",
            "loop.save_every=500",
            *plan.settings.get(stage, ()),
        ]
        if plan.scaled is not None:
            fields.append(f"data.size={list(plan.scaled)}")
        if stage != "autoencoder":
            fields.append(f"data.num_frames={plan.frames}")
        if stage in ("prior", "rectification", "sketches"):
            fields.append(f"data.latents={self.work / f'{looks[0]}-latents'}")
        if stage in plan.batches:
            fields.append(f"loop.batch_size={plan.batches[stage]}")
        self._run(
            {
                name: ["train", recipe, "-o", str(self.work / name)]
                + [part for one in (*fields, *own) for part in ("--set", one)]
                for name, own in runs.items()
            }
        )

    def _run(self, commands: dict[str, list[str]]) -> None:
        """Run `toontween` some times, a few beside each other; logs go beside the results."""

        def one(name: str) -> int:
            with (self.work / f"{name}.log").open("wb") as log:
                command = [sys.executable, "-m", "toontween.cli.app", *commands[name]]
                return subprocess.run(
                    command, stdout=log, stderr=subprocess.STDOUT, check=False
                ).returncode

        with ThreadPoolExecutor(self.plan.at_once) as pool:
            failed = [n for n, code in zip(commands, pool.map(one, commands), strict=True) if code]
        for name in failed:
            log = (self.work / f"{name}.log").read_text("utf-8")
            print(f"{name} failed:\n{log[-2000:]}", flush=True)
        if failed:
            sys.exit(1)

    def measure(self) -> None:
        """Tables as JSON and strips as PNG."""
        judge = Judge(self.work / "cel-held-out", self.plan, self.squeezenet, self.device)
        result: dict[str, Any] = {
            "clips": len(judge.batches) * JUDGED_AT_ONCE,
            "device": str(self.device),
            "torch": torch.__version__,
            "rectification": self._rectification(judge),
            "decoder": self._decoders(judge),
            "sketches": self._sketches(judge),
            "speed": {
                run.name: float(
                    np.median([r["samples_per_second"] for r in read_record(run, "train")])
                )
                for run in sorted(self.work.iterdir())
                if (run / "record.jsonl").is_file()
            },
        }
        if self.device.type == "cuda":
            result["card"] = torch.cuda.get_device_name()
        path = self.out / "training_ablations.json"
        path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        print(path.read_text("utf-8"))

    def _rectification(self, judge: "Judge") -> Table:
        scores = {"hold": judge.score(_hold), "crossfade": judge.score(_crossfade)}
        rows = []
        for name, variant in VARIANTS.items():
            run = "prior" if variant == "pretrained" else f"rectified-{variant}"
            networks = self._networks(run)
            scores[name] = judge.score(partial(_with_sketches, networks, ()))
            scores[name]["velocity"] = judge.each(partial(_velocity_error, networks))
            rows.append(judge.shown)
        _sheet([judge.truth_shown, *rows], self.out / "rectification.png")
        return _tabled(scores, against="IV freeze temporal")

    def _decoders(self, judge: "Judge") -> Table:
        scores, rows = {}, []
        vae = load_vae(self.work / "autoencoder" / "model" / "vae")
        found = {"image decoder, not trained further": DecoderObjective(vae, _DECODER_OF_IMAGES)}
        for variant in DECODERS:
            vae = load_vae(self.work / f"decoder-{variant}" / "model" / "vae")
            found[variant] = DecoderObjective(vae, DecoderConfig(variant=variant))
        for name, objective in found.items():
            torch.nn.Module.to(objective.vae, self.device).eval()
            scores[name] = judge.score(objective.sample)
            rows.append(judge.shown)
        _sheet([judge.truth_shown, *rows], self.out / "decoder.png")
        return _tabled(scores, against="full")

    def _sketches(self, judge: "Judge") -> Table:
        rng, count = np.random.default_rng(5), self.plan.frames
        patterns = {
            "none": (),
            "bisection 1": bisection_pattern(count, depth=1),
            "bisection 2": bisection_pattern(count, depth=2),
            "random": random_pattern(count, rng),
            "all": tuple(range(count)),
        }
        scores, rows = {}, []
        for trained in SKETCHES:
            networks = self._networks(f"sketch-{trained}")
            if trained == "all":
                _gate(networks)
            for name, frames in patterns.items():
                label = f"{'sketches dropped' if trained == 'paper' else 'ZeroGate'}: {name}"
                scores[label] = judge.score(partial(_with_sketches, networks, frames))
                rows.append(judge.shown)
        _sheet([judge.truth_shown, *rows], self.out / "sketches.png")
        table = _tabled(scores, against="sketches dropped: none")
        for name in patterns:
            gated, dropped = scores[f"ZeroGate: {name}"], scores[f"sketches dropped: {name}"]
            for measure in ("distance", "psnr", "ssim", "motion"):
                found = _mean(f"{measure}_difference_to_dropped", gated[measure] - dropped[measure])
                table[f"ZeroGate: {name}"] |= found
        return table

    def _networks(self, run: str) -> Networks:
        networks = build_networks(NetworksConfig(start=str(self.work / run / "model")), seed=0)
        parts = (
            networks.unet,
            networks.vae,
            networks.image_encoder,
            networks.image_projector,
            networks.sketch_encoder,
        )
        for part in parts:
            if part is not None:
                torch.nn.Module.to(part, self.device).eval()
        return networks


class Judge:
    """Measures ways of drawing on held-out clips.

    Args:
        shards: The clips.
        plan: How many drawings of them.
        squeezenet: Weights of the perceptual distance.
        device: Where to draw.
    """

    def __init__(self, shards: Path, plan: Plan, squeezenet: Path, device: torch.device) -> None:
        config = DataConfig(
            validation=(str(shards),),
            num_frames=plan.frames,
            strides=(plan.stride,),
            size=plan.scaled,
        )
        samples = SampleSet(config, seed=0, with_lines=True, held_out=True)
        self.batches = [
            collate([samples[i] for i in range(first, first + JUDGED_AT_ONCE)]).to(device)
            for first in range(0, len(samples) - JUDGED_AT_ONCE + 1, JUDGED_AT_ONCE)
        ]
        self._features = load_squeezenet(squeezenet).to(device)
        self._device = device
        self.truth_shown = (self.batches[0].frames[:4] + 1) / 2
        self.shown = self.truth_shown

    @torch.no_grad()
    def score(self, draw: Any) -> Score:
        """SqueezeNet distance, ratio, similarity and share of the true motion of each clip, and features for Fréchet's."""
        found: dict[str, list[torch.Tensor]] = {name: [] for name in MEASURES}
        for batch in self.batches:
            drawn = draw(batch, Draws(7, batch.numbers, device=self._device))
            drawn = (drawn.clamp(0, 1) * 255).round() / 255
            truth = (batch.frames + 1) / 2
            if batch is self.batches[0]:
                self.shown = drawn[:4]
            ours = self._features(drawn[:, 1:-1].flatten(0, 1))
            theirs = self._features(truth[:, 1:-1].flatten(0, 1))
            by_clip = squeezenet_distance(ours, theirs).unflatten(0, (len(drawn), -1)).mean(dim=1)
            found["distance"].append(by_clip)
            found["ssim"].append(_similarity(drawn, truth))
            found["psnr_of_ends"].append(_ends(drawn, truth))
            found["pooled"].append(pooled_features(ours))
            found["wanted"].append(pooled_features(theirs))
            for name, values in clip_measures(drawn, batch.frames).items():
                found[name].append(values)
        return {name: torch.cat(values).float().cpu() for name, values in found.items()}

    @torch.no_grad()
    def each(self, measure: Any) -> torch.Tensor:
        """A measure of every clip."""
        draws = (Draws(7, batch.numbers, device=self._device) for batch in self.batches)
        found = [measure(batch, own) for batch, own in zip(self.batches, draws, strict=True)]
        return torch.cat(found).float().cpu()


def _tabled(scores: dict[str, Score], *, against: str) -> Table:
    """Means with standard errors, and by how much each differs from one of them, clip by clip."""
    table: Table = {}
    for name, score in scores.items():
        row: dict[str, float] = {}
        for measure, values in score.items():
            if measure in ("pooled", "wanted"):
                continue
            row |= _mean(measure, values)
            if name != against and measure in scores[against]:
                row |= _mean(f"{measure}_difference", values - scores[against][measure])
        row["frechet"] = frechet_distance(score["pooled"], score["wanted"])
        table[name] = row
    return table


def _mean(name: str, values: torch.Tensor) -> dict[str, float]:
    values = values[torch.isfinite(values)]
    return {name: float(values.mean()), f"{name}_error": float(values.std() / len(values) ** 0.5)}


def _similarity(drawn: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    pairs = zip(drawn[:, 1:-1], truth[:, 1:-1], strict=True)
    return torch.stack([ssim(ours, true).mean() for ours, true in pairs])


def _ends(drawn: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    pairs = zip(drawn[:, [0, -1]], truth[:, [0, -1]], strict=True)
    return torch.stack([psnr(o, t, mse_floor=EIGHT_BIT_MSE_FLOOR).mean() for o, t in pairs])


def _velocity_error(networks: Networks, batch: Batch, draws: Draws) -> torch.Tensor:
    """Squared error of the predicted velocity over four timesteps, with the same noise for every model."""
    errors = []
    for at in (125, 375, 625, 875):
        target = noised(
            networks,
            batch,
            draws,
            conditioning="interpolation",
            dropout=0.0,
            loss_weighting="uniform",
            timesteps=torch.full((len(batch.numbers),), at, device=batch.frames.device),
        )
        predicted = networks.unet(
            torch.cat([target.noisy, target.key_latents], dim=1),
            target.timesteps,
            target.context,
            motion_fps=batch.motion_fps,
        )
        errors.append(velocity_loss(predicted, target)[1])
    return torch.stack(errors).mean(dim=0)


def _with_sketches(
    networks: Networks, shown: tuple[int, ...], batch: Batch, draws: Draws
) -> torch.Tensor:
    """Clips drawn in ten steps, with the true lines of some frames as sketches."""
    sketches = None
    if shown and batch.lines is not None:
        lines = batch.lines.float().cpu().numpy()
        sketches = [{index: Lines(clip[index, 0]) for index in shown} for clip in lines]
    return draw_clips(networks, batch, draws, num_steps=10, sketches=sketches)


def _hold(batch: Batch, _: Draws) -> torch.Tensor:
    frames = (batch.frames + 1) / 2
    half = frames.shape[1] // 2
    first, last = frames[:, :1].repeat_interleave(half, dim=1), frames[:, -1:]
    return torch.cat([first, last.repeat_interleave(frames.shape[1] - half, dim=1)], dim=1)


def _crossfade(batch: Batch, _: Draws) -> torch.Tensor:
    frames = (batch.frames + 1) / 2
    share = torch.linspace(0, 1, frames.shape[1], device=frames.device).view(1, -1, 1, 1, 1)
    return frames[:, :1] * (1 - share) + frames[:, -1:] * share


def _gate(networks: Networks) -> None:
    """Silence a sketch encoder at frames without a sketch, as the paper's ZeroGate does."""

    def silence(_: Any, __: Any, kwargs: dict[str, Any], found: Any) -> Any:
        drawn = kwargs["controlnet_cond"].flatten(1).any(dim=1).view(-1, 1, 1, 1)
        down, middle = found
        return [one * drawn for one in down], middle * drawn

    encoder = networks.sketch_encoder
    if encoder is None:
        raise UnavailableError("the model has no sketch encoder")
    encoder.register_forward_hook(silence, with_kwargs=True)


def _sheet(rows: list[torch.Tensor], path: Path) -> None:
    """Some six frames of each clip, rows under each other: the truth, then what each way drew."""
    clips = torch.stack(rows, dim=1).clamp(0, 1)
    clips = clips[:, :, :: max(1, clips.shape[2] // 6)]
    sheet = rearrange(clips, "b r t c h w -> (b r h) (t w) c")
    Image.fromarray((sheet * 255).round().byte().cpu().numpy()).save(path)


if __name__ == "__main__":
    main()
