"""Curation of films whose every cut, hold, fade and subtitle is known.

    python benchmarks/curation.py [--films 12] [--size 640x360] [--quality 23] [--grain 0]

Films are drawn by the procedural studio, six scenes each: some after a fade, some with subtitles, on ones, twos and threes, some
letterboxed; then coded as H.264. Measured are what `toontween data curate` finds of it, seconds and peak memory. Baselines
in the same run: PySceneDetect's adaptive detector on all frames, as it is meant for films, against ours on distinct drawings;
decoding alone, against the time of a whole curation.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from toontween.data.curation.films import Film
from toontween.data.curation.holds import DrawingFinder
from toontween.data.curation.judging import judge_film
from toontween.data.curation.settings import CurateSettings
from toontween.data.curation.shots import find_shots
from toontween.data.synthetic.stage.looks import Look
from toontween.data.synthetic.studio import StudioOptions, studio_clip
from toontween.media.video import read_video
from toontween.runtime import versions

DRAWINGS = 24
FADE = 16
BLACK = 6
TEXTS = ("I never said that.", "What did you see in there, all alone?", "WAIT!", "Never mind.")


@dataclass(kw_only=True)
class Truth:
    """What is in a film."""

    cuts: set[int] = field(default_factory=set)
    drawings: set[int] = field(default_factory=set)
    """Frames at which one begins; those of fades left out."""

    faded: set[int] = field(default_factory=set)
    subtitled: list[tuple[int, int]] = field(default_factory=list)
    scenes: list[tuple[int, int]] = field(default_factory=list)
    bar: int = 0


def main() -> None:
    """Draw, curate, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--quality", type=int, default=23, help="x264's rate factor")
    parser.add_argument("--grain", type=float, default=0.0, help="standard deviation, of 255")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    wide, high = (int(side) for side in given.size.split("x"))
    found: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.films):
            path = Path(folder) / f"{number}.mp4"
            truth = draw_film(path, number, (wide, high), given.quality, given.grain)
            for name, value in measure(path, truth).items():
                found.setdefault(name, []).append(value)
    result = {
        "command": " ".join(["benchmarks/curation.py", *sys.argv[1:]]),
        "versions": versions(),
        **summed(found),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(result, indent=1))


def draw_film(path: Path, number: int, size: tuple[int, int], quality: int, grain: float) -> Truth:
    """Write a film; what is in it."""
    rng = np.random.default_rng(number)
    truth = Truth(bar=(number % 3 == 2) * size[1] // 8)
    frames: list[np.ndarray] = []
    for scene in range(6):
        options = StudioOptions(size=size, num_frames=DRAWINGS, look=Look.CEL)
        drawn = studio_clip(1000 + 6 * number + scene, options).frames
        exposure = int(rng.integers(1, 4))
        shown = np.repeat(drawn, exposure, axis=0)
        if rng.random() < 0.3:
            shown = subtitled(shown, str(rng.choice(TEXTS)))
            truth.subtitled.append((len(frames), len(frames) + len(shown)))
        if scene and rng.random() < 0.25:
            frames += [np.zeros_like(shown[0])] * BLACK
            share = np.minimum(np.arange(len(shown)) / FADE, 1)[:, None, None, None]
            shown = (shown * share).astype(np.uint8)
            truth.faded |= set(range(len(frames), len(frames) + FADE))
        elif scene:
            truth.cuts.add(len(frames))
        starts = range(len(frames), len(frames) + len(shown), exposure)
        truth.drawings |= set(starts) - truth.faded
        truth.scenes.append((len(frames), len(frames) + len(shown)))
        frames += list(shown)
    write(path, frames, truth.bar, quality, grain, rng)
    return truth


def subtitled(frames: np.ndarray, text: str) -> np.ndarray:
    """White letters with a black outline."""
    high = frames.shape[1]
    font = ImageFont.load_default(round(0.065 * high))
    found = []
    for frame in frames:
        picture = Image.fromarray(frame)
        ImageDraw.Draw(picture).text(
            (picture.width / 2, 0.9 * high),
            text,
            fill=(255, 255, 255),
            font=font,
            anchor="mm",
            stroke_width=max(1, round(high / 180)),
            stroke_fill=(0, 0, 0),
        )
        found.append(np.asarray(picture))
    return np.stack(found)


def write(
    path: Path,
    frames: list[np.ndarray],
    bar: int,
    quality: int,
    grain: float,
    rng: np.random.Generator,
) -> None:
    """Code frames as H.264 with the given rate factor, which `write_video` does not offer."""
    high, wide = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": str(quality)})
        stream.width, stream.height, stream.pix_fmt = wide, high + 2 * bar, "yuv420p"
        for frame in frames:
            noisy = frame + rng.normal(0, grain, frame.shape) if grain else frame
            picture = np.pad(np.clip(noisy, 0, 255).astype(np.uint8), ((bar, bar), (0, 0), (0, 0)))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def measure(path: Path, truth: Truth) -> dict[str, Any]:
    """What is found of the truth of a film."""
    shots = find_shots(read_video(path), fps=24.0)
    begun = {shot.start for shot in shots if shot.start}
    after_black = {start for start, _ in truth.scenes} - truth.cuts
    ours = {start for start in begun if not any(s <= start <= s + FADE for s in after_black)}
    finder = DrawingFinder()
    new = {n for n, frame in enumerate(read_video(path)) if finder.is_new(frame)} - truth.faded
    black = {n for n, f in enumerate(read_video(path)) if f[truth.bar + 20].max() < 16}
    cut_away = [
        any(s.subtitles[1] > 0 and s.start < stop and s.stop > start for s in shots)
        for start, stop in truth.subtitled
    ]
    spared = [
        not any(sum(s.subtitles) > 0 and s.start >= start and s.stop <= stop for s in shots)
        for start, stop in truth.scenes
        if not any(a < stop and b > start for a, b in truth.subtitled)
    ]
    inside = sum(1 for shot in shots for n in range(shot.start, shot.stop) if n in truth.faded)
    began = time.process_time()
    frames = sum(1 for _ in read_video(path))
    decoding = time.process_time() - began
    began = time.process_time()
    film = Film(path=path, name=path.name, fps=24.0)
    kept = [
        c.verdict
        for c in judge_film(film, CurateSettings(size=(512, 320), at_least={"resolution": 0.5}))
    ]
    return {
        "frames": frames,
        "cuts": len(truth.cuts),
        "cuts_found": len(ours & truth.cuts),
        "cuts_wrong": len(ours - truth.cuts),
        "cuts_found_on_all_frames": len(detected(path) & truth.cuts),
        "cuts_wrong_on_all_frames": len(
            {c for c in detected(path) if not any(s <= c <= s + FADE for s in after_black)}
            - truth.cuts
        ),
        "drawings": len(truth.drawings),
        "drawings_found": len(new & truth.drawings),
        "drawings_wrong": len(new - truth.drawings - black),
        "faded_frames": len(truth.faded),
        "faded_frames_kept": inside,
        "subtitled_scenes": len(truth.subtitled),
        "subtitled_scenes_cropped": sum(cut_away),
        "other_scenes": len(spared),
        "other_scenes_cropped": len(spared) - sum(spared),
        "letterboxes": int(truth.bar > 0),
        "letterboxes_cropped": int(
            truth.bar > 0 and all(bare(s.picture.top, truth.bar) for s in shots)
        ),
        "clips": len(kept),
        **{
            f"clips_dropped_by_{name}": sum(verdict.dropped_by == name for verdict in kept)
            for name in ("drawings", "subtitles", "flashes", "motion")
        },
        "seconds_curating": time.process_time() - began,
        "seconds_decoding": decoding,
    }


def bare(top: int, bar: int) -> bool:
    """Whether a picture begins where its bar ends, give or take what coding smears."""
    return bar <= top <= bar + 3


def detected(path: Path) -> set[int]:
    """Cuts by PySceneDetect as it comes, on all frames."""
    detector, found = AdaptiveDetector(), set[int]()
    for number, frame in enumerate(read_video(path)):
        small = cv2.resize(frame, (256, 144), interpolation=cv2.INTER_AREA)[..., ::-1]
        timecode = FrameTimecode(number, 24.0)
        found |= {cut.frame_num for cut in detector.process_frame(timecode, small.copy())}
    return found


def summed(found: dict[str, list[Any]]) -> dict[str, Any]:
    """Sums over the films, and frames a second."""
    sums = {name: sum(values) for name, values in found.items()}
    seconds, decoding = sums.pop("seconds_curating"), sums.pop("seconds_decoding")
    return {
        **sums,
        "frames_per_processor_second": round(sums["frames"] / seconds, 1),
        "times_as_long_as_decoding_once": round(seconds / decoding, 1),
    }


if __name__ == "__main__":
    main()
