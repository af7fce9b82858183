"""How well an autoencoder with the dual-reference decoder gives back drawings, at its own size and at larger keys' size.

    python benchmarks/autoencoding.py CLIPS --squeezenet FILE [--vae mini/vae] [--size 256x160] [--clips 0] [--every 1] [--noise 0] [--sheet PNG]

Latents are those of the drawings themselves, so this is the best that a denoiser could reach. Clips are shards of `toontween data`. Drawings
between the ends are measured, rounded to 8 bits. Clips of `--size` are decoded with and without keys. Larger ones
are made smaller to it, decoded with keys, and brought back to their size in three ways: enlarged alone (bicubic; the baseline), with
the keys' pixels where differences alone decide, and where the decoder judges; there the line chamfer distance is measured too.

One clip is a row of the result, so that ways and weights can be compared clip by clip. `--noise` is the standard deviation of what is
added to the latents.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from toontween.data.shards import ShardSet
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.line import dog_lines, line_chamfer_distance
from toontween.metrics.perceptual import SqueezeNetFeatures, load_squeezenet, squeezenet_distance
from toontween.models.blocks.enlarging import enlarge_with_keys, enlarged
from toontween.models.vae import AutoencoderKLDualReference, pair_references
from toontween.runtime import versions
from toontween.training.networks import load_vae

RESULTS = Path(__file__).parent / "results"
SHEET_ROWS = 8
MEASURES = {"psnr": ("PSNR dB", 2), "ssim": ("SSIM", 4), "distance": ("distance", 4)}
MEASURES |= {"chamfer": ("chamfer, 1e-5", 2), "seconds": ("s a drawing", 2)}

Drawings = Float[Tensor, "t 3 h w"]


def decoded(
    vae: AutoencoderKLDualReference, drawings: Drawings, *, noise: float
) -> tuple[Drawings, Drawings]:
    """Drawings in −1…1 from their latents with their ends as keys, and without keys."""
    latents = vae.encode(drawings).mean.transpose(0, 1)[None]
    drawn = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
    latents = latents + noise * drawn / vae.config["scaling_factor"]
    keys = pair_references(vae.encode(drawings[[0, -1]]).reference_features)
    with_keys, without = (vae.decode(latents, given)[0].transpose(0, 1) for given in (keys, None))
    return with_keys.clamp(-1, 1), without.clamp(-1, 1)


def ways(
    vae: AutoencoderKLDualReference,
    truth: Drawings,
    size: tuple[int, int],
    shown: list[int],
    noise: float,
) -> Iterator[tuple[str, Drawings, float]]:
    """Name, drawings `shown` at the truth's size, and seconds of each way."""
    height, width = size[1], size[0]
    if truth.shape[2:] == (height, width):
        start = time.perf_counter()
        with_keys, without = decoded(vae, truth, noise=noise)
        taken = time.perf_counter() - start
        yield "without keys", without[shown], math.nan
        yield "with keys", with_keys[shown], taken / len(truth)
        return
    small = F.interpolate(truth, (height, width), mode="area")
    drawings = decoded(vae, small, noise=noise)[0][shown]
    yield "bicubic", enlarged(drawings, *truth.shape[2:]), 0.0
    for name, matching in (
        ("differences alone judge", None),
        ("the decoder judges", vae.decoder.matching),
    ):
        start = time.perf_counter()
        ends = (truth[[0, -1]], small[[0, -1]])
        larger = enlarge_with_keys(drawings, ends[0], small_keys=ends[1], matching=matching)
        yield name, larger, (time.perf_counter() - start) / len(shown)


def measure(
    ours: Drawings, truth: Drawings, features: SqueezeNetFeatures, *, lines: bool
) -> dict[str, float]:
    """Means over drawings in −1…1, ours rounded to 8 bits."""
    ours, truth = (((x + 1) * 127.5).clamp(0, 255).round() / 255 for x in (ours, truth))
    apart = [
        float(squeezenet_distance(features(one[None]), features(other[None])).mean())
        for one, other in zip(ours, truth, strict=True)
    ]
    measured = {
        "psnr": float(psnr(ours, truth, mse_floor=EIGHT_BIT_MSE_FLOOR).mean()),
        "ssim": float(ssim(ours, truth).mean()),
        "distance": float(np.mean(apart)),
    }
    if lines:
        pairs = zip(dog_lines(ours), dog_lines(truth), strict=True)
        measured["chamfer"] = 1e5 * float(np.mean([line_chamfer_distance(*pair) for pair in pairs]))
    return measured


def to_markdown(rows: list[dict[str, dict[str, float]]], about: str) -> str:
    """Means of the clips, the standard error of each, and how often a clip's distance is below that of the first way."""
    names = [name for name in MEASURES if name in next(iter(rows[0].values()))]
    head = [MEASURES[name][0] for name in names]
    lines = [
        about,
        "",
        f"| | {' | '.join(head)} | nearer than the first |",
        "|---" * (len(head) + 2) + "|",
    ]
    first = next(iter(rows[0]))
    for way in rows[0]:
        cells = []
        for name in names:
            values, digits = np.array([row[way][name] for row in rows]), MEASURES[name][1]
            error = values.std() / math.sqrt(len(values))
            cells.append(
                "" if np.isnan(values).any() else f"{values.mean():.{digits}f} ± {error:.{digits}f}"
            )
        nearer = np.mean([row[way]["distance"] < row[first]["distance"] for row in rows])
        lines.append(f"| {way} | {' | '.join(cells)} | {'' if way == first else f'{nearer:.0%}'} |")
    return "\n".join(lines)


@torch.inference_mode()
def main() -> None:
    """Measure clip by clip; write the JSON and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+", help="shards, or folders of them")
    parser.add_argument("--squeezenet", type=Path, required=True, help="weights of the distance")
    parser.add_argument("--vae", default="mini/vae", help="mini/vae, or a folder")
    parser.add_argument("--size", default="256x160", help="what the autoencoder is shown")
    parser.add_argument("--count", type=int, default=0, help="clips, spread over the set; 0 is all")
    parser.add_argument("--every", type=int, default=1, help="measure every how-manieth drawing")
    parser.add_argument("--noise", type=float, default=0.0, help="on the scaled latents")
    parser.add_argument("--name", default="autoencoding", help="of the result's files")
    parser.add_argument("--sheet", type=Path, help="PNG: truth, then each way; a clip is a row")
    arguments = parser.parse_args()
    vae = load_vae(arguments.vae).eval()
    features = load_squeezenet(arguments.squeezenet)
    width, height = map(int, arguments.size.split("x"))
    clips = ShardSet(arguments.clips)
    chosen = np.linspace(0, len(clips) - 1, arguments.count or len(clips)).round().astype(int)
    rows, strips = [], []
    for number in chosen:
        truth = torch.from_numpy(clips[int(number)].frames).permute(0, 3, 1, 2).float() / 127.5 - 1
        shown = list(range(1, len(truth) - 1, arguments.every))
        larger = truth.shape[2:] != (height, width)
        row, strip = {}, [truth[shown][len(shown) // 2]]
        for way, drawn, taken in ways(vae, truth, (width, height), shown, arguments.noise):
            row[way] = measure(drawn, truth[shown], features, lines=larger) | {"seconds": taken}
            strip.append(drawn[len(shown) // 2])
        rows.append(row)
        strips.append(torch.cat(strip, dim=2))
        print(
            int(number),
            {way: round(values["distance"], 4) for way, values in row.items()},
            flush=True,
        )
    about = (
        f"{len(rows)} clips, every {arguments.every}. drawing between the ends; shown to {arguments.vae} at "
        f"{arguments.size}, noise {arguments.noise:g}, {torch.get_num_threads()} threads."
    )
    result = {"about": about, "machine": versions(), "rows": rows}
    file = RESULTS / f"{arguments.name}.json"
    file.write_text(json.dumps(result, indent=1) + "\n")
    table = to_markdown(rows, about)
    file.with_suffix(".md").write_text(table + "\n")
    print(table)
    if arguments.sheet:
        spread = np.linspace(0, len(strips) - 1, min(SHEET_ROWS, len(strips))).round().astype(int)
        sheet = torch.cat([strips[at] for at in spread], dim=1).permute(1, 2, 0)
        Image.fromarray(((sheet + 1) * 127.5).clamp(0, 255).round().byte().numpy()).save(
            arguments.sheet
        )


if __name__ == "__main__":
    main()
