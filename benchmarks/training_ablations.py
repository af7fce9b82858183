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
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange

from toontween.data.clips import Clip
from toontween.data.shards import write_shards
from toontween.data.sketch_patterns import bisection_pattern, random_pattern
from toontween.drawing.lines import Lines
from toontween.errors import UnavailableError
from toontween.evaluation.bench import Bench
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.methods import GIVEN, MethodSpec
from toontween.evaluation.results import Evaluation
from toontween.evaluation.suite import open_suite
from toontween.training.batches import Batch, SampleSet, collate
from toontween.training.config import DataConfig, DecoderConfig, NetworksConfig
from toontween.training.draws import Draws
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
MEASURES = ("distance", "psnr", "first-key", "last-key", "ssim", "motion", "frechet")

Table = dict[str, dict[str, Any]]
"""Row → what was measured."""

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
        """Reports of all three tables with `toontween evaluate`, and their numbers as JSON."""
        judge = Judge(self.work / "cel-held-out", self.plan, self.device, self.work / "drawn")
        rectification, errors = self._rectification(judge)
        tables = {
            "rectification": rectification,
            "decoder": self._decoders(judge),
            "sketches": self._sketches(judge),
        }
        result: dict[str, Any] = {
            "clips": judge.count,
            "device": str(self.device),
            "torch": torch.__version__,
            **{name: self._compare(name, judge, table) for name, table in tables.items()},
            "velocity_error": errors,
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

    def _compare(self, name: str, judge: "Judge", table: "ToCompare") -> Table:
        """One table: the report in WORK/reports/NAME, and its numbers beside those of one row."""
        rows = [MethodSpec(method=rival) for rival in table.rivals]
        rows += [
            MethodSpec(method=GIVEN, label=label, options=(("path", str(folder)),))
            for label, folder in table.drawn.items()
        ]
        bench = Bench(
            suite=open_suite(judge.truth),
            methods=rows,
            measures=MEASURES,
            weights={"squeezenet": self.squeezenet},
        )
        report = evaluate(bench, self.work / "reports" / name)
        print(f"{name}\n\n{report.table.read_text('utf-8')}", flush=True)
        return _tabled(report.evaluation, against=table.against)

    def _rectification(self, judge: "Judge") -> tuple["ToCompare", dict[str, Any]]:
        table = ToCompare(rivals=("hold", "crossfade"), against="IV freeze temporal")
        errors: dict[str, dict[str, float]] = {}
        for name, variant in VARIANTS.items():
            run = "prior" if variant == "pretrained" else f"rectified-{variant}"
            networks = self._networks(run)
            table.drawn[name] = judge.draw(run, partial(_with_sketches, networks, ()))
            errors[name] = _mean("velocity", judge.each(partial(_velocity_error, networks)))
        return table, errors

    def _decoders(self, judge: "Judge") -> "ToCompare":
        table = ToCompare(against="full")
        vae = load_vae(self.work / "autoencoder" / "model" / "vae")
        found = {"image decoder, not trained further": DecoderObjective(vae, _DECODER_OF_IMAGES)}
        for variant in DECODERS:
            vae = load_vae(self.work / f"decoder-{variant}" / "model" / "vae")
            found[variant] = DecoderObjective(vae, DecoderConfig(variant=variant))
        for number, (name, objective) in enumerate(found.items()):
            torch.nn.Module.to(objective.vae, self.device).eval()
            table.drawn[name] = judge.draw(f"decoder-{number}", objective.sample)
        return table

    def _sketches(self, judge: "Judge") -> "ToCompare":
        rng, count = np.random.default_rng(5), self.plan.frames
        patterns = {
            "none": (),
            "bisection 1": bisection_pattern(count, depth=1),
            "bisection 2": bisection_pattern(count, depth=2),
            "random": random_pattern(count, rng),
            "all": tuple(range(count)),
        }
        table = ToCompare(against="dropped, none")
        for trained in SKETCHES:
            networks = self._networks(f"sketch-{trained}")
            if trained == "all":
                _gate(networks)
            for number, (name, frames) in enumerate(patterns.items()):
                label = f"{'dropped' if trained == 'paper' else 'ZeroGate'}, {name}"
                draw = partial(_with_sketches, networks, frames)
                table.drawn[label] = judge.draw(f"sketch-{trained}-{number}", draw)
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


@dataclass(kw_only=True)
class ToCompare:
    """One table."""

    against: str
    """The row that the others are compared with, clip by clip."""

    rivals: tuple[str, ...] = ()
    """Methods of the catalogue."""

    drawn: dict[str, Path] = field(default_factory=dict)
    """Label → shards of what a model drew."""


class Judge:
    """Draws held-out clips and keeps them as shards, for `toontween evaluate`.

    Args:
        shards: The clips.
        plan: How many drawings of them.
        device: Where to draw.
        folder: Where shards go; what is there is drawn anew.
    """

    def __init__(self, shards: Path, plan: Plan, device: torch.device, folder: Path) -> None:
        config = DataConfig(
            validation=(str(shards),),
            num_frames=plan.frames,
            strides=(plan.stride,),
            size=plan.scaled,
        )
        samples = SampleSet(config, seed=0, with_lines=True, held_out=True)
        self._batches = [
            collate([samples[i] for i in range(first, first + JUDGED_AT_ONCE)]).to(device)
            for first in range(0, len(samples) - JUDGED_AT_ONCE + 1, JUDGED_AT_ONCE)
        ]
        self.count = len(self._batches) * JUDGED_AT_ONCE
        self._device, self._folder = device, folder
        self.truth = self.draw("truth", lambda batch, _: (batch.frames + 1) / 2)

    @torch.no_grad()
    def draw(self, name: str, draw: Any) -> Path:
        """Shards of what a model draws."""
        clips = [
            Clip(key=key, frames=frames, fps=12.0)
            for batch in self._batches
            for key, frames in zip(batch.keys, self._drawn(batch, draw), strict=True)
        ]
        shutil.rmtree(self._folder / name, ignore_errors=True)
        write_shards(clips, self._folder / name)
        return self._folder / name

    @torch.no_grad()
    def each(self, measure: Any) -> torch.Tensor:
        """A number of every clip."""
        draws = (Draws(7, batch.numbers, device=self._device) for batch in self._batches)
        found = [measure(batch, own) for batch, own in zip(self._batches, draws, strict=True)]
        return torch.cat(found).float().cpu()

    def _drawn(self, batch: Batch, draw: Any) -> np.ndarray:
        frames = draw(batch, Draws(7, batch.numbers, device=self._device)).float().clamp(0, 1)
        return (rearrange(frames, "b t c h w -> b t h w c") * 255).round().byte().cpu().numpy()


def _tabled(evaluation: Evaluation, *, against: str) -> Table:
    """Means with intervals, and by how much each differs from one row, clip by clip."""
    table: Table = {}
    for row in evaluation.rows[:-1]:
        cells: dict[str, Any] = {}
        for measure, cell in row.cells.items():
            cells[measure] = cell.value
            cells[f"{measure}_interval"] = [cell.low, cell.high]
            ours = evaluation.values[row.label].get(measure)
            if ours is not None and row.label != against:
                cells |= _mean(
                    f"{measure}_difference",
                    _as_tensor(ours) - _as_tensor(evaluation.values[against][measure]),
                )
        table[row.label] = cells
    return table


def _as_tensor(values: Sequence[float | None]) -> torch.Tensor:
    return torch.tensor([float("nan") if value is None else value for value in values])


def _mean(name: str, values: torch.Tensor) -> dict[str, float]:
    values = values[torch.isfinite(values)]
    if not len(values):
        return {}
    return {name: float(values.mean()), f"{name}_error": float(values.std() / len(values) ** 0.5)}


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


if __name__ == "__main__":
    main()
