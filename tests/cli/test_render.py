"""`toontween render`: what it writes and prints when all is well, or nearly."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from tests.cli.drawings import drawing, names_in
from toontween.media.images import read_still, write_still
from toontween.media.video import probe, read_video


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_film_is_written_with_its_sidecar(toontween, folder):
    code, out, err = toontween(
        *["render", "A.png", "B.png", "-o", "out.mp4", "--count", "3", "--on", "2"]
    )
    assert code == 0
    assert out == "out.mp4\n"
    assert "out.mp4.json" in err
    assert names_in(folder) == {"A.png", "B.png", "out.mp4", "out.mp4.json"}
    info = probe(folder / "out.mp4")
    assert (info.width, info.height, info.num_frames, info.fps) == (48, 32, 10, 24)


def test_a_folder_gets_every_drawing_once_and_the_keys_bit_for_bit(toontween, folder):
    code, out, _ = toontween(
        *["render", "A.png", "B.png", "A.png", "-o", "out/", "--count", "2", "--on", "3"]
    )
    assert code == 0
    assert out.splitlines() == [f"out/{number:04}.png" for number in range(1, 8)]
    for number, key in [(1, "A"), (4, "B"), (7, "A")]:
        written = read_still(folder / f"out/{number:04}.png").pixels
        assert np.array_equal(written, read_still(folder / f"{key}.png").pixels)
    inbetween = read_still(folder / "out/0002.png").pixels
    assert inbetween.shape == (32, 48, 3)
    assert not np.array_equal(inbetween, read_still(folder / "A.png").pixels)


def test_a_pattern_gets_every_frame(toontween, folder):
    code, out, _ = toontween(
        *["render", "A.png", "B.png", "-o", "out/A_%04d.png", "--count", "1", "--on", "2"]
    )
    assert code == 0
    assert len(out.splitlines()) == 6
    assert (folder / "out/A.toontween.json").is_file()
    assert sha256(folder / "out/A_0003.png") == sha256(folder / "out/A_0004.png")
    assert sha256(folder / "out/A_0002.png") != sha256(folder / "out/A_0003.png")


def test_one_inbetween_can_be_one_picture(toontween, folder):
    code, out, _ = toontween(*["render", "A.png", "B.png", "-o", "half.png", "--count", "1"])
    assert (code, out) == (0, "half.png\n")
    assert read_still(folder / "half.png").pixels.shape == (32, 48, 3)


def test_the_same_command_twice_gives_the_same_bytes(toontween, folder):
    for out in ("one", "two"):
        assert toontween("render", "A.png", "B.png", "-o", f"{out}/", "--count", "3")[0] == 0
    for path in (folder / "one").iterdir():
        assert path.read_bytes() == (folder / "two" / path.name).read_bytes()


def test_json_names_everything_a_program_needs(toontween, folder):
    code, out, _ = toontween(
        *["render", "A.png", "B.png", "-o", "out/", "--count", "2", "--fps", "23.976", "--json"]
    )
    assert code == 0
    result = json.loads(out)
    assert result == {
        "command": "render",
        "out": "out/",
        "outputs": [f"out/{number:04}.png" for number in range(1, 5)],
        "sidecar": "out/toontween.json",
        "method": "flow",
        "picture": {"width": 48, "height": 32, "channels": 3, "bit_depth": 8},
        "kind": "drawings",
        "fps": "24000/1001",
        "on": 1,
        "num_drawings": 4,
        "num_frames": 4,
        "keys": [1, 4],
        "lossy": False,
        "warnings": [],
    }


def test_the_sidecar_tells_how_every_drawing_was_made(toontween, folder):
    toontween(
        *[
            "render",
            "A.png",
            "B.png",
            "-o",
            "out.mp4",
            "--count",
            "2",
            "--on",
            "2",
            "--seed",
            "5",
            "--method",
            "hold",
        ]
    )
    sidecar = json.loads((folder / "out.mp4.json").read_text())
    assert sidecar["program"] == "toontween"
    assert sidecar["libraries"]["torch"]
    assert sidecar["method"]["name"] == "hold"
    assert sidecar["settings"]["seed"] == 5
    assert [key["sha256"] for key in sidecar["inputs"]["keys"]] == [
        sha256(folder / "A.png"),
        sha256(folder / "B.png"),
    ]
    assert [d["kind"] for d in sidecar["drawings"]] == ["key", "in-between", "in-between", "key"]
    assert sidecar["outputs"] == [
        {
            "name": "out.mp4",
            "bytes": (folder / "out.mp4").stat().st_size,
            "sha256": sha256(folder / "out.mp4"),
        }
    ]
    assert sidecar["lossy"] is True
    assert str(folder) not in (folder / "out.mp4.json").read_text()


def test_a_png_carries_a_note_of_how_it_was_made(toontween, folder):
    toontween(*["render", "A.png", "B.png", "-o", "half.png", "--count", "1"])
    with Image.open(folder / "half.png") as image:
        image.load()
        assert image.info["Software"] == "ToonTween"
        assert "flow" in image.info["Comment"]
        assert "half.png.json" in image.info["Comment"]


def test_quiet_says_nothing_but_the_result(toontween):
    assert toontween(*["render", "A.png", "B.png", "-o", "out.gif", "--count", "1", "--quiet"]) == (
        0,
        "out.gif\n",
        "",
    )


def test_a_setting_of_the_method_is_passed_on_and_recorded(toontween, folder):
    code, _, _ = toontween(
        *["render", "A.png", "B.png", "-o", "o/", "--count", "1", "--set", "sharpness=5"]
    )
    assert code == 0
    sidecar = json.loads((folder / "o/toontween.json").read_text())
    assert sidecar["method"]["gaps"][0]["settings"]["sharpness"] == 5


def test_overwrite_replaces_what_is_there(toontween, folder):
    (folder / "out.gif").write_text("old")
    code, _, _ = toontween(
        *["render", "A.png", "B.png", "-o", "out.gif", "--count", "1", "--overwrite"]
    )
    assert code == 0
    assert probe(folder / "out.gif").num_frames == 3


def test_a_prompt_for_a_method_without_text_is_warned_of(toontween):
    code, _, err = toontween("render", "A.png", "B.png", "-o", "o/", "--prompt", "a cat")
    assert code == 0
    assert "warning: method 'flow' does not read text" in err


SIZES = [(1, 1), (1, 40), (47, 33), (3, 2)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("out", ["out/", "out.mp4", "out.gif", "out.webm"])
def test_any_size_is_drawn_and_comes_back(toontween, folder, width, height, out):
    for name, at in [("A", 0.3), ("B", 0.6)]:
        write_still(folder / f"{name}.png", drawing(width, height, at=at), overwrite=True)
    code, _, err = toontween("render", "A.png", "B.png", "-o", out, "--count", "2")
    assert (code, "Traceback" in err) == (0, False)
    if out == "out/":
        assert read_still(folder / "out/0002.png").pixels.shape == (height, width, 3)
        return
    info = probe(folder / out)
    grown = out == "out.mp4" and (width % 2 or height % 2)
    assert info.num_frames == 4
    assert ("even sides" in err) == bool(grown)
    assert (info.width, info.height) == (
        (width + width % 2, height + height % 2) if grown else (width, height)
    )


def test_a_very_wide_strip_is_drawn(toontween, folder):
    for name, at in [("A", 0.4), ("B", 0.402)]:
        write_still(folder / f"{name}.png", drawing(7680, 64, at=at), overwrite=True)
    code, _, _ = toontween(*["render", "A.png", "B.png", "-o", "out/", "--count", "1"])
    assert code == 0
    assert read_still(folder / "out/0002.png").pixels.shape == (64, 7680, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_depth_and_transparency_survive(toontween, folder, dtype, channels):
    keys = {
        name: drawing(20, 12, at=at, channels=channels, dtype=dtype)
        for name, at in [("A", 0.4), ("B", 0.5)]
    }
    for name, pixels in keys.items():
        write_still(folder / f"{name}.png", pixels, overwrite=True)
    code, _, _ = toontween(*["render", "A.png", "B.png", "-o", "out/", "--count", "1"])
    assert code == 0
    for number, name in [(1, "A"), (3, "B")]:
        assert np.array_equal(read_still(folder / f"out/000{number}.png").pixels, keys[name])
    between = read_still(folder / "out/0002.png").pixels
    assert (between.dtype, between.shape) == (np.dtype(dtype), (12, 20, channels))


def test_a_grey_key_and_a_coloured_transparent_one_can_be_mixed(toontween, folder):
    Image.new("L", (20, 12), 90).save(folder / "A.png")
    write_still(folder / "B.png", drawing(20, 12, at=0.5, channels=4), overwrite=True)
    code, _, _ = toontween(*["render", "A.png", "B.png", "-o", "out/", "--count", "1"])
    assert code == 0
    first = read_still(folder / "out/0001.png").pixels
    assert np.array_equal(first, np.full((12, 20, 4), (90, 90, 90, 255), np.uint8))


def test_transparency_on_white_in_an_mp4_is_warned_of(toontween, folder):
    write_still(folder / "B.png", drawing(48, 32, at=0.5, channels=4), overwrite=True)
    code, _, err = toontween(*["render", "A.png", "B.png", "-o", "out.mp4", "--count", "1"])
    assert code == 0
    assert "warning: .mp4 holds no transparency" in err
    corner = list(read_video(folder / "out.mp4"))[-1][0, 0]
    assert corner.min() > 250


def test_an_exact_film_is_not_called_lossy(toontween, folder):
    toontween(*["render", "A.png", "B.png", "-o", "out.mkv", "--count", "1", "--quiet"])
    assert json.loads((folder / "out.mkv.json").read_text())["lossy"] is False
    frames = list(read_video(folder / "out.mkv"))
    assert np.array_equal(frames[0], read_still(folder / "A.png").pixels)


@pytest.mark.parametrize(
    ("fit", "word"), [("pad", "letterboxed"), ("crop", "cropped")], ids=["pad", "crop"]
)
def test_a_key_of_another_shape_is_fitted_with_a_warning(toontween, folder, fit, word):
    write_still(folder / "B.png", drawing(32, 32, at=0.5), overwrite=True)
    code, _, err = toontween("render", "A.png", "B.png", "-o", "out/", "--count", "1", "--fit", fit)
    assert code == 0
    assert f"warning: B.png is 32×32, the first key 48×32: {word}" in err
    sidecar = json.loads((folder / "out/toontween.json").read_text())
    assert sidecar["inputs"]["keys"][1]["adapted"] == word
    assert read_still(folder / "out/0003.png").pixels.shape == (32, 48, 3)


def test_a_key_of_the_same_shape_but_another_size_is_scaled_with_a_warning(toontween, folder):
    write_still(folder / "B.png", drawing(96, 64, at=0.5), overwrite=True)
    code, _, err = toontween(
        *["render", "A.png", "B.png", "-o", "out/", "--count", "1", "--fit", "error"]
    )
    assert code == 0
    assert "B.png is 96×64, the first key 48×32: scaled" in err


def test_locks_are_recorded_and_bring_in_betweens_to_the_keys_colours(toontween, folder):
    code, _, _ = toontween(
        *["render", "A.png", "B.png", "-o", "out/", "--count", "2"],
        *["--method", "crossfade", "--lock-palette", "--lock-lines"],
    )
    assert code == 0
    sidecar = json.loads((folder / "out/toontween.json").read_text())
    assert sidecar["settings"]["lock_palette"] is True
    assert sidecar["settings"]["lock_lines"] is True
    assert sidecar["palette"]["colours"]
    assert "inks" in sidecar["lines"]
