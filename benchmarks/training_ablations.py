"""The paper's ablations at a small size: toon rectification I to V, the decoder, and sparse sketch guidance.

    python benchmarks/training_ablations.py WORK --squeezenet SQUEEZENET.npz [--parts data base variants measure] [--scale 1]

Everything is trained from nothing on the procedural studio at 128×96 pixels and 16 drawings: an autoencoder on both looks,
a prior on the `textured` look (standing for live action), and from there each variant on the `cel` look (standing for
cartoons). Each variant has the same steps. Baselines in one run: `hold` and `crossfade` for motion, the prior (variant I)
for rectification, the image decoder for the decoder, no sketch for sketches. WORK holds the runs; every part goes on
where it was stopped. `--scale 0.01` tries the whole in a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import time
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
from toontween.metrics.perceptual import load_squeezenet, pooled_features, squeezenet_distance
from toontween.training.batches import Batch, SampleSet, collate
from toontween.training.config import DataConfig, NetworksConfig
from toontween.training.draws import Draws
from toontween.training.measures import clip_measures
from toontween.training.networks import Networks, build_networks
from toontween.training.objectives.video import draw_clips
from toontween.training.records import read_record

SIZE = "128x96"
VARIANTS = {
    "I pretrained": "pretrained",
    "II projector + all": "all",
    "III bypass temporal": "bypass-temporal",
    "IV freeze temporal": "freeze-temporal",
    "V projector only": "projector-only",
}
DECODERS = ("full", "no-p3d", "no-har-no-p3d")
AT_ONCE = 8


def main() -> None:
    """Make the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--squeezenet", type=Path, required=True)
    parser.add_argument("--parts", nargs="+", default=["data", "base", "variants", "measure"])
    parser.add_argument("--scale", type=float, default=1.0, help="of steps and clips")
    parser.add_argument("--precision", default="no", help="no or bf16")
    parser.add_argument("--out", type=Path, help="where results go; WORK if not given")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    out = given.out or given.work
    study = Study(given.work, out, given.squeezenet, given.scale, given.precision)
    for part in given.parts:
        began = time.monotonic()
        getattr(study, part)()
        print(f"{part}: {time.monotonic() - began:.0f} s", flush=True)


class Study:
    """All runs of the ablations in one folder."""

    def __init__(
        self, work: Path, out: Path, squeezenet: Path, scale: float, precision: str
    ) -> None:
        self.work, self.out, self.scale = work, out, scale
        self.squeezenet = squeezenet
        self.precision = precision
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def data(self) -> None:
        """Training and held-out clips of both looks."""
        workers = str(max(1, (os.cpu_count() or 2) // 2))
        running = []
        for look in ("cel", "textured"):
            for split, seed, clips in (("train", 1, 1500), ("held-out", 2, 64)):
                count = max(8, self._some(clips))
                folder = self.work / f"{look}-{split}"
                command = [sys.executable, "-m", "toontween.cli.app", "data", "synth"]
                command += ["--seed", str(seed), "--clips", str(count), "--frames", "16"]
                command += ["--size", SIZE, "--look", look, "--workers", workers]
                running.append(self._start([*command, "-o", str(folder)], folder.name))
        _finish(running)

    def base(self) -> None:
        """The autoencoder, then the prior with the decoders beside it."""
        both = [str(self.work / "cel-train"), str(self.work / "textured-train")]
        self._train("autoencoder", "small_autoencoder", 2500, shards=both)
        vae = f"networks.vae={self.work}/autoencoder/model/vae"
        running = [
            self._begin(
                f"decoder-{variant}",
                "small_decoder",
                500,
                settings=[vae, f"objective.variant={variant}", "loop.batch_size=4"],
            )
            for variant in DECODERS
        ]
        textured = [str(self.work / "textured-train")]
        self._train("prior", "small_prior", 2000, shards=textured, settings=[vae])
        _finish(running)

    def variants(self) -> None:
        """Rectification II to V and two sketch encoders, side by side."""
        start = f"networks.start={self.work}/prior/model"
        running = [
            self._begin(
                f"rectified-{variant}",
                "small_rectification",
                400,
                settings=[start, f"objective.variant={variant}"],
            )
            for variant in VARIANTS.values()
            if variant != "pretrained"
        ]
        _finish(running)
        rectified = f"networks.start={self.work}/rectified-freeze-temporal/model"
        running = [
            self._begin(
                f"sketch-{patterns}",
                "small_sketch",
                500,
                settings=[rectified, f"objective.patterns={patterns}"],
            )
            for patterns in ("paper", "all")
        ]
        _finish(running)

    def measure(self) -> None:
        """Tables as JSON and strips as PNG."""
        judge = Judge(self.work / "cel-held-out", self.squeezenet, self.device)
        result: dict[str, Any] = {
            "clips": len(judge.batches) * AT_ONCE,
            "device": str(self.device),
            "torch": torch.__version__,
            "rectification": self._rectification(judge),
            "decoder": self._decoders(),
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

    def _rectification(self, judge: "Judge") -> dict[str, dict[str, float]]:
        table = {"hold": judge.score(_hold), "crossfade": judge.score(_crossfade)}
        rows = []
        for name, variant in VARIANTS.items():
            run = "prior" if variant == "pretrained" else f"rectified-{variant}"
            networks = self._networks(run)
            table[name] = judge.score(partial(_with_sketches, networks, ()))
            rows.append(judge.shown)
        _sheet([judge.truth_shown, *rows], self.out / "rectification.png")
        return table

    def _decoders(self) -> dict[str, dict[str, float]]:
        return {
            variant: read_record(self.work / f"decoder-{variant}", "validation")[-1]
            for variant in DECODERS
        }

    def _sketches(self, judge: "Judge") -> dict[str, dict[str, float]]:
        rng = np.random.default_rng(5)
        patterns = {
            "none": (),
            "bisection 1": bisection_pattern(16, depth=1),
            "bisection 2": bisection_pattern(16, depth=2),
            "random": random_pattern(16, rng),
            "all": tuple(range(16)),
        }
        table: dict[str, dict[str, float]] = {}
        rows = []
        for trained in ("paper", "all"):
            networks = self._networks(f"sketch-{trained}")
            if trained == "all":
                _gate(networks)
            for name, frames in patterns.items():
                label = f"{'sketches dropped' if trained == 'paper' else 'ZeroGate'}: {name}"
                table[label] = judge.score(partial(_with_sketches, networks, frames))
                rows.append(judge.shown)
        _sheet([judge.truth_shown, *rows], self.out / "sketches.png")
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
                part.to(self.device).eval()
        return networks

    def _train(self, run: str, recipe: str, steps: int, **kwargs: Any) -> None:
        _finish([self._begin(run, recipe, steps, **kwargs)])

    def _begin(
        self,
        run: str,
        recipe: str,
        steps: int,
        *,
        shards: list[str] | None = None,
        settings: list[str] | None = None,
    ) -> tuple[subprocess.Popen[bytes], Path]:
        steps = max(4, self._some(steps))
        fields = [
            f"data.shards={json.dumps(shards or [str(self.work / 'cel-train')])}",
            f"data.validation={json.dumps([str(self.work / 'cel-held-out')])}",
            "data.workers=2",
            f"loop.steps={steps}",
            f"loop.log_every={max(1, steps // 100)}",
            f"loop.precision={self.precision}",
            "loop.save_every=500",
            *(settings or []),
        ]
        if self.scale < 0.1:  # a trial of the program, not of the method
            fields += ["loop.batch_size=1", "loop.validation_clips=1", "data.workers=0"]
        command = [sys.executable, "-m", "toontween.cli.app", "train", recipe]
        command += [part for field in fields for part in ("--set", field)]
        return self._start([*command, "-o", str(self.work / run)], run)

    def _start(self, command: list[str], name: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = self.work / f"{name}.log"
        with log.open("wb") as file:
            return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT), log

    def _some(self, count: int) -> int:
        return round(count * self.scale)


class Judge:
    """Measures ways of drawing on held-out clips.

    Args:
        shards: The clips.
        squeezenet: Weights of the perceptual distance.
        device: Where to draw.
    """

    def __init__(self, shards: Path, squeezenet: Path, device: torch.device) -> None:
        config = DataConfig(validation=(str(shards),), num_frames=16)
        samples = SampleSet(config, seed=0, with_lines=True, held_out=True)
        self.batches = [
            collate([samples[i] for i in range(first, first + AT_ONCE)]).to(device)
            for first in range(0, len(samples) - AT_ONCE + 1, AT_ONCE)
        ]
        self._features = load_squeezenet(squeezenet).to(device)
        self._device = device
        self.truth_shown = (self.batches[0].frames[:4] + 1) / 2
        self.shown = self.truth_shown

    @torch.no_grad()
    def score(self, draw: Any) -> dict[str, float]:
        """SqueezeNet and Fréchet distance, ratio and share of the true motion of what is drawn."""
        pooled: list[torch.Tensor] = []
        wanted: list[torch.Tensor] = []
        found: dict[str, list[torch.Tensor]] = {"distance": [], "psnr": [], "motion": []}
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
            pooled.append(pooled_features(ours))
            wanted.append(pooled_features(theirs))
            for name, values in clip_measures(drawn, batch.frames).items():
                found[name].append(values)
        row: dict[str, float] = {}
        for name, values in found.items():
            joined = torch.cat(values).float()
            joined = joined[torch.isfinite(joined)]
            row[name] = float(joined.mean())
            row[f"{name}_error"] = float(joined.std() / len(joined) ** 0.5)
        row["frechet"] = frechet_distance(torch.cat(pooled).cpu(), torch.cat(wanted).cpu())
        return row


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
    return torch.cat(
        [frames[:, :1].expand(-1, 8, -1, -1, -1), frames[:, -1:].expand(-1, 8, -1, -1, -1)], dim=1
    )


def _crossfade(batch: Batch, _: Draws) -> torch.Tensor:
    frames = (batch.frames + 1) / 2
    share = torch.linspace(0, 1, 16, device=frames.device).view(1, 16, 1, 1, 1)
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
    """Every clip's rows under each other: the truth, then what each way drew; every third frame."""
    clips = torch.stack(rows, dim=1)[:, :, ::3].clamp(0, 1)
    sheet = rearrange(clips, "b r t c h w -> (b r h) (t w) c")
    Image.fromarray((sheet * 255).round().byte().cpu().numpy()).save(path)


def _finish(running: list[tuple[subprocess.Popen[bytes], Path]]) -> None:
    failed = []
    for process, log in running:
        if process.wait():
            failed.append(log)
    for log in failed:
        print(f"{log.stem} failed:\n{log.read_text('utf-8')[-2000:]}", flush=True)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
