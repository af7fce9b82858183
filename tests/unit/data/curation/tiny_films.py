"""Small films that have what curation looks for."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from toontween.data.synthetic.stage.looks import Look
from toontween.data.synthetic.studio import StudioOptions, studio_clip
from toontween.media.video import write_video

SIZE = (192, 112)


def drawings(seed: int, count: int = 10, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Distinct drawings of a scene of the studio, other scenes for other seeds."""
    options = StudioOptions(size=size, num_frames=max(2, count), look=Look.CEL)
    return studio_clip(seed, options).frames[:count]


def on(exposure: int, frames: np.ndarray) -> np.ndarray:
    """Every drawing held for so many frames."""
    return np.repeat(frames, exposure, axis=0)


def faded_in(frames: np.ndarray, count: int) -> np.ndarray:
    """The first frames grow out of black."""
    share = np.minimum(np.arange(len(frames)) / count, 1.0)
    return (frames * share[:, None, None, None]).astype(np.uint8)


def letterboxed(frames: np.ndarray, bar: int) -> np.ndarray:
    """Black bars above and below."""
    return np.pad(frames, ((0, 0), (bar, bar), (0, 0), (0, 0)))


def subtitled(frames: np.ndarray, text: str, *, size: int = 18) -> np.ndarray:
    """White letters with a black outline near the lower edge."""
    font, found = ImageFont.load_default(size), []
    for frame in frames:
        picture = Image.fromarray(frame)
        place = (picture.width / 2, picture.height * 0.9)
        pen = ImageDraw.Draw(picture)
        black, white = (0, 0, 0), (255, 255, 255)
        pen.text(place, text, fill=white, font=font, anchor="mm", stroke_width=1, stroke_fill=black)
        found.append(np.asarray(picture))
    return np.stack(found)


def film(path: Path, *parts: np.ndarray) -> Path:
    """Write parts one after the other as H.264 at 24 frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, np.concatenate(parts), fps=Fraction(24))
    return path
