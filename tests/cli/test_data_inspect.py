"""`toontween data inspect` as it is called."""

import json

import numpy as np
from PIL import Image

from toontween.data.clips import Clip
from toontween.data.shards import write_shards


def clip(number: int, frames: int, **known: object) -> Clip:
    rng = np.random.default_rng(number)
    pictures = rng.integers(0, 255, (frames, 32, 48, 3), dtype=np.uint8)
    return Clip(key=f"c{number}", frames=pictures, fps=24.0, **known)  # pyright: ignore[reportArgumentType]


def test_numbers_and_strips(toontween, folder):
    held = clip(0, 6, exposures=(2, 2, 2, 2, 2, 14), caption="a turn")
    lines = np.zeros((12, 32, 48), np.uint8)
    write_shards([held, clip(1, 12, lines=lines)], folder / "clips")
    code, out, err = toontween("data", "inspect", "clips", "-o", "sheet.png", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["clips"], told["drawings"], told["seconds"]) == (2, 18, 1.5)
    assert told["sizes"] == {"48x32": 2}
    assert told["lengths"] == [6, 12]
    assert told["exposures"] == {"1": 12, "2": 5, "14": 1}
    assert (told["with_caption"], told["with_lines"], told["with_alpha"]) == (1, 1, 0)
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.width > 8 * 48
    code, out, err = toontween("data", "inspect", "clips")
    assert code == 0, err
    assert out.startswith("clips: 2 of 6 to 12 drawings\ndrawings: 18, 1.5 seconds\n")
    code, _, err = toontween("data", "inspect", "clips", "-o", "sheet.png")
    assert code == 2
    assert "sheet.png exists already" in err


def test_damaged_clips_are_named_and_the_others_counted(toontween, folder):
    (shard,) = write_shards([clip(number, 4) for number in range(3)], folder / "clips")
    content = bytearray(shard.read_bytes())
    place = content.index(b"frames.npy", content.index(b"c1.npz"))
    content[place + 200 : place + 900] = bytes(700)
    shard.write_bytes(content)
    code, out, err = toontween("data", "inspect", "clips")
    assert code == 0, err
    assert "clips: 2 of" in out
    assert "'c1' is damaged" in err


def test_what_is_no_shard_is_named(toontween, folder):
    code, _, err = toontween("data", "inspect", "nothing")
    assert code == 2
    assert "no shards" in err
