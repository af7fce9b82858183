"""Segment-guided matching against drawings in which it is known which part is which and where it went.

    python -m benchmarks.segment_matching [--pairs 12] [--vgg FOLDER] [--sheet PNG]

Four sets: cut-outs that are only shifted, up to 60 px; cut-outs that are also turned up to 25° and scaled up to 1.15; the
same in three shared colours and shifted up to 130 px, as far as their neighbours are away; and drawings of studio clips
a tenth of a clip apart. Regions are matched by the features of an
untrained VGG19 (`--vgg` takes a converted folder of the trained one), by colour histograms alone, and by nothing but
size and place.

A match is right when most of the region's pixels that are seen again are in its partner; a region of which less than a
quarter is seen again has no right partner. Areas are those of regions below 12 % of the picture: grounds, which are
never guided, would outweigh all else. Baseline of the end-point errors: DIS on the whole drawings, as in method
`flow`, on the same pixels; and no motion at all. Seconds are of one thread, for each pair.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from benchmarks.drawn_pairs import CutoutOptions, DrawnPair, cutout_pair, studio_pairs
from toontween.drawing.review import contact_sheet
from toontween.interpolators.classical.flow import estimate_flow
from toontween.interpolators.learned.animeinterp.matching.features import (
    Vgg19Features,
    region_features,
)
from toontween.interpolators.learned.animeinterp.matching.guide import GuideSettings, guide_flow
from toontween.interpolators.learned.animeinterp.matching.matching import (
    Regions,
    describe,
    match,
    similarity,
)
from toontween.interpolators.learned.animeinterp.matching.segments import (
    NUM_BINS,
    find_outlines,
    segment,
)
from toontween.runtime import versions

RESULTS = Path(__file__).parent / "results" / "segment_matching.json"
SEED = 2021
TIMES = (0.4, 0.5)
CUTOUTS = {
    "cut-outs, shifted": CutoutOptions(turn_deg=0.0, growth=1.0),
    "cut-outs": CutoutOptions(),
    "cut-outs, far, shared colours": CutoutOptions(shared_colours=True, farthest_px=130.0),
}
LEAST_KNOWN_PX = 10
LEAST_SEEN = 0.25

Looks = Callable[[np.ndarray, np.ndarray], torch.Tensor]
"""Picture (h, w, 3) uint8 and numbers of its regions → features (n, d) that sum to 1."""


def vgg_looks(network: Vgg19Features) -> Looks:
    """Features of a network."""

    @torch.no_grad()
    def looks(picture: np.ndarray, numbers: np.ndarray) -> torch.Tensor:
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        return region_features(network(pixels), torch.from_numpy(numbers))

    return looks


def colour_looks(picture: np.ndarray, numbers: np.ndarray) -> torch.Tensor:
    """Colour histograms, 25 bins a channel."""
    count = int(numbers.max()) + 1
    bins = picture.astype(np.int64) * NUM_BINS // 256 + np.arange(3) * NUM_BINS
    place = numbers[..., None].astype(np.int64) * 3 * NUM_BINS + bins
    counted = np.bincount(place.ravel(), minlength=count * 3 * NUM_BINS).reshape(count, -1)
    return torch.from_numpy(counted / counted.sum(axis=1, keepdims=True))


def no_looks(picture: np.ndarray, numbers: np.ndarray) -> torch.Tensor:
    """All regions look the same."""
    del picture
    return torch.ones(int(numbers.max()) + 1, 1)


def untrained(seed: int = 0) -> Vgg19Features:
    """VGG19 with kernels drawn from a seed."""
    generator = torch.Generator().manual_seed(seed)
    network = Vgg19Features().eval()
    for parameter in network.parameters():
        if parameter.ndim == 4:
            torch.nn.init.kaiming_normal_(parameter, mode="fan_out", generator=generator)
    return network


def partners(pair: DrawnPair, ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The right partner of each region of the first drawing: −1 for none, −2 where nothing is known."""
    count = int(ours.max()) + 1
    landed, seen = landing(pair)
    known = np.bincount(ours[pair.parts[0] >= 0], minlength=count)
    table = np.zeros((count, int(theirs.max()) + 1), np.int64)
    np.add.at(table, (ours[seen], theirs[landed[1][seen], landed[0][seen]]), 1)
    right = np.where(table.sum(axis=1) >= LEAST_SEEN * known, table.argmax(axis=1), -1)
    return np.where(known < LEAST_KNOWN_PX, -2, right)


def landing(pair: DrawnPair) -> tuple[np.ndarray, np.ndarray]:
    """Pixel (x, y) on which each pixel lands, and where its part is seen at that place in the last drawing."""
    height, width = pair.parts[0].shape
    rows, columns = np.indices((height, width))
    known = pair.parts[0] >= 0
    moved = np.rint(np.stack([columns, rows]) + np.where(known, pair.forward, 0)).astype(int)
    inside = (moved >= 0).all(axis=0) & (moved[0] < width) & (moved[1] < height)
    moved = np.stack([moved[0].clip(0, width - 1), moved[1].clip(0, height - 1)])
    return moved, known & inside & (pair.parts[1][moved[1], moved[0]] == pair.parts[0])


def judge(pair: DrawnPair, looks: Looks) -> dict[str, Any]:
    """Counts, areas and errors of one pair; sums, so that pairs can be added up."""
    began = time.process_time()
    numbers = [segment(picture) for picture in (pair.first, pair.last)]
    segmented = time.process_time()
    ours, theirs = (
        describe(one, looks(picture, one))
        for one, picture in zip(numbers, (pair.first, pair.last), strict=True)
    )
    found = match(similarity(ours, theirs))
    matched = time.process_time()
    flow = guide_flow(pair.first, pair.last, ours, theirs, found, GuideSettings())
    guided = time.process_time()
    return {
        **judged_matches(pair, ours, theirs, found),
        **judged_flow(pair, flow, (found == partners(pair, *numbers))[numbers[0]]),
        "seconds": np.array([segmented - began, matched - segmented, guided - matched]),
    }


def judged_matches(
    pair: DrawnPair, ours: Regions, theirs: Regions, found: np.ndarray
) -> dict[str, Any]:
    """How many regions have a partner, how many were matched, and rightly; as counts and as pixels."""
    right = partners(pair, ours.numbers, theirs.numbers)
    decided, matched = right != -2, found >= 0
    small = ours.areas < GuideSettings().largest_share * ours.numbers.size
    sums = {}
    for kind, weight in (("count", np.ones_like(ours.areas)), ("area", ours.areas * small)):
        sums[kind] = np.array(
            [
                weight[decided & (right >= 0)].sum(),
                weight[decided & matched].sum(),
                weight[decided & matched & (found == right)].sum(),
            ]
        )
    return sums


def judged_flow(pair: DrawnPair, flow: np.ndarray, rightly: np.ndarray) -> dict[str, Any]:
    """End-point errors where the guide says something and the truth is known and seen again, pixel by pixel."""
    _, seen = landing(pair)
    moving = seen & (np.hypot(*np.nan_to_num(pair.forward)) > 1.0)
    guided = seen & (flow != 0).any(axis=0)
    whole = estimate_flow(*(one.astype(np.float32) / 255 for one in (pair.first, pair.last)))
    truth = pair.forward[:, guided]
    return {
        "errors": {
            "guide": np.hypot(*(flow[:, guided] - truth)),
            "guide_where_right": np.hypot(*(flow - pair.forward)[:, guided & rightly]),
            "dis": np.hypot(*(whole[0][0].numpy()[:, guided] - truth)),
            "still": np.hypot(*truth),
        },
        "moving": np.array([moving.sum(), (moving & guided).sum()]),
    }


def summed(judged: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All pairs of a set together."""
    rows = list(judged)
    result: dict[str, Any] = {"pairs": len(rows)}
    for kind in ("count", "area"):
        matchable, matched, right = np.sum([row[kind] for row in rows], axis=0).tolist()
        result[kind] = {
            "matchable": matchable,
            "matched": matched,
            "right_of_matched": round(right / max(matched, 1), 4),
            "right_of_matchable": round(right / max(matchable, 1), 4),
        }
    moving, covered = np.sum([row["moving"] for row in rows], axis=0).tolist()
    result["moving_pixels_guided"] = round(covered / max(moving, 1), 4)
    for name in ("guide", "guide_where_right", "dis", "still"):
        errors = np.concatenate([row["errors"][name] for row in rows])
        result[f"error_px_{name}"] = {
            "mean": round(float(errors.mean()), 3),
            "median": round(float(np.median(errors)), 3),
            "above_3": round(float((errors > 3).mean()), 4),
        }
    seconds = np.mean([row["seconds"] for row in rows], axis=0)
    names = ("segments_both", "looks_and_matching", "guide_one_way")
    result["seconds"] = dict(zip(names, np.round(seconds, 3).tolist(), strict=True))
    return result


def sheet(pairs: list[DrawnPair], looks: Looks) -> np.ndarray:
    """Each pair: drawings, outlines, regions of both; regions that are matched have one colour, others are grey."""
    rng = np.random.default_rng(1)
    rows = []
    for pair in pairs:
        numbers = [segment(picture) for picture in (pair.first, pair.last)]
        tones = rng.integers(50, 256, (numbers[0].max() + 1, 3)).astype(np.uint8)
        ours, theirs = (
            describe(one, looks(picture, one))
            for one, picture in zip(numbers, (pair.first, pair.last), strict=True)
        )
        found = match(similarity(ours, theirs))
        matched = np.flatnonzero(found >= 0)
        first = np.full((len(ours.areas), 3), 30, np.uint8)
        last = np.full((len(theirs.areas), 3), 30, np.uint8)
        first[matched], last[found[matched]] = tones[matched], tones[matched]
        lines = np.where(find_outlines(pair.first)[..., None], 0, 255).astype(np.uint8)
        drawn = [pair.first, pair.last, np.repeat(lines, 3, axis=2), tones[numbers[0]]]
        rows.append([*drawn, first[numbers[0]], last[numbers[1]]])
    return contact_sheet(rows, keys=(), max_width_px=2000)


def main() -> None:
    """Measure all sets with all looks; write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12, help="of each set")
    parser.add_argument("--vgg", type=Path, help="a converted folder of the trained VGG19")
    parser.add_argument("--sheet", type=Path, help="write a picture of some pairs here")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    sets = {
        name: [cutout_pair(number, options) for number in range(given.pairs)]
        for name, options in CUTOUTS.items()
    }
    sets["studio"] = list(studio_pairs(SEED, given.pairs, TIMES))
    looks: dict[str, Looks] = {"untrained vgg": vgg_looks(untrained()), "colours": colour_looks}
    looks["size and place"] = no_looks
    if given.vgg:
        looks["trained vgg"] = vgg_looks(Vgg19Features.from_pretrained(given.vgg).eval())
    rows = {
        name: {kind: summed(judge(pair, look) for pair in pairs) for kind, look in looks.items()}
        for name, pairs in sets.items()
    }
    command = " ".join(["-m benchmarks.segment_matching", *sys.argv[1:]])
    RESULTS.write_text(
        json.dumps({"command": command, "versions": versions(), "sets": rows}, indent=1) + "\n"
    )
    print(json.dumps(rows, indent=1))
    if given.sheet:
        shown = [pair for pairs in sets.values() for pair in pairs[:3]]
        Image.fromarray(sheet(shown, vgg_looks(untrained()))).save(given.sheet)


if __name__ == "__main__":
    main()
