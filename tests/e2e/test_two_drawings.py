"""From two files on disk to a finished film, through the installed command, as a user meets it."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.cli.drawings import drawing
from toontween.media.images import read_still, write_still
from toontween.media.video import probe, read_video


@pytest.fixture
def keys(tmp_path):
    """A disc that moves by a tenth of the picture."""
    for name, at in [("A", 0.45), ("B", 0.55)]:
        write_still(tmp_path / f"{name}.png", drawing(96, 64, at=at))
    return tmp_path


def toontween(folder: Path, *arguments: str):
    command = Path(sys.executable).with_name("toontween")
    done = subprocess.run(
        [str(command), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("out", "codec"), [("film.mp4", "h264"), ("film.webm", "vp9"), ("film.mov", "prores")]
)
def test_two_drawings_become_a_film_on_twos(keys, out, codec):
    flags = ["--count", "5", "--on", "2", "--fps", "23.976", "--json"]
    result = json.loads(toontween(keys, "render", "A.png", "B.png", "-o", out, *flags))
    info = probe(keys / out)
    assert info.num_frames == result["num_frames"] == 14
    assert info.fps == Fraction(24000, 1001) == Fraction(result["fps"])
    assert (info.width, info.height) == (96, 64)
    assert codec in info.codec
    frames = [frame.astype(float) / np.iinfo(frame.dtype).max for frame in read_video(keys / out)]
    for early, late in zip(frames[::2], frames[1::2], strict=True):
        assert np.abs(early - late).mean() < 0.01
    first = read_still(keys / "A.png").pixels / 255
    assert np.abs(frames[0][..., :3] - first).mean() < 0.01


def test_the_disc_is_half_way_in_the_middle_drawing(keys):
    toontween(keys, "render", "A.png", "B.png", "-o", "half.png", "--count", "1")
    ours = read_still(keys / "half.png").pixels.astype(float)
    middle = drawing(96, 64, at=0.5).astype(float)
    first = read_still(keys / "A.png").pixels.astype(float)
    assert np.abs(ours - middle).mean() < 0.25 * np.abs(first - middle).mean()


def test_three_keys_become_numbered_drawings_with_the_keys_among_them(keys):
    toontween(keys, "render", "A.png", "B.png", "A.png", "-o", "out/", "--count", "3")
    files = sorted(path.name for path in (keys / "out").glob("*.png"))
    assert files == [f"{number:04}.png" for number in range(1, 10)]
    for number, key in [(1, "A"), (5, "B"), (9, "A")]:
        written = read_still(keys / "out" / f"{number:04}.png").pixels
        assert np.array_equal(written, read_still(keys / f"{key}.png").pixels)
