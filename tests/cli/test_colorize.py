"""`toontween colorize`: a folder of sketches becomes drawings like the references, under the sketches' names."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.cli.drawings import names_in
from tests.tiny_pipeline import build_tiny_pipeline
from tests.tiny_pipeline import line_sketch as line_sketch_of_size
from toontween.media.files import sha256_of
from toontween.media.images import read_still, write_still
from toontween.media.video import probe, write_video

WINDOW = 6
HEIGHT, WIDTH = 64, 96
QUICK = ["num_inference_steps=1", "guidance_scale=1", "width=48", "height=32"]
FLAGS = [word for setting in QUICK for word in ("--set", setting)] + ["--device", "cpu"]
COUNT = 7
"""More sketches than the four of a window: two generations."""


@pytest.fixture(scope="module")
def model(tmp_path_factory, tiny_pipeline) -> Path:
    """The tiny pipeline, sketch encoder and all, as a folder of weights."""
    folder = tmp_path_factory.mktemp("weights") / "tiny-toon"
    tiny_pipeline.save_pretrained(folder)
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_frames": WINDOW}))
    return folder


def line_sketch(seed: int, *, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Three strokes on white paper."""
    return line_sketch_of_size(seed, height=height, width=width)


def coloured(seed: int) -> np.ndarray:
    """A sketch painted: floor and wall."""
    pixels = line_sketch(seed)
    paper = pixels[..., 0] == 255
    pixels[paper] = (230, 120, 60)
    paper[HEIGHT // 2 :] = False
    pixels[paper] = (90, 160, 220)
    return pixels


@pytest.fixture
def cut(folder) -> Path:
    """REF.png, the first sketch coloured, OTHER.png, which is none of them, and the folder rough/."""
    (folder / "A.png").unlink()
    (folder / "B.png").unlink()
    (folder / "rough").mkdir()
    for number in range(COUNT):
        write_still(folder / f"rough/A_{101 + number}.png", line_sketch(number))
    write_still(folder / "REF.png", coloured(0))
    write_still(folder / "OTHER.png", coloured(50))
    return folder


@pytest.fixture
def colorize(toontween, cut, model):
    """Run the command with the tiny weights; gives stdout, stderr and the sidecar."""

    def call(*arguments: str, sidecar: str = "out/toontween.json") -> tuple[str, str, dict]:
        code, out, err = toontween("colorize", *arguments, "--model", str(model), *FLAGS)
        assert code == 0, err
        return out, err, json.loads((cut / sidecar).read_text())

    return call


def test_every_sketch_gets_its_drawing_under_its_own_name(colorize, cut):
    out, err, sidecar = colorize("REF.png", "rough/", "-o", "out/")
    names = [f"out/A_{101 + number}.png" for number in range(COUNT)]
    assert out.splitlines() == names
    for name in names:
        assert read_still(cut / name).pixels.shape == (HEIGHT, WIDTH, 3)
    assert "warning" not in err
    assert sidecar["output"]["num_drawings"] == COUNT


def test_the_reference_is_found_said_and_comes_back_bit_for_bit(colorize, cut):
    _, err, sidecar = colorize("REF.png", "rough/", "-o", "out/")
    assert "REF.png is drawing 1 (" in err
    assert np.array_equal(read_still(cut / "out/A_101.png").pixels, coloured(0))
    [reference] = sidecar["inputs"]["references"]
    assert reference["drawings"] == [1]
    assert reference["key_at"] == [1, COUNT + 1]
    assert reference["sha256"] == sha256_of(cut / "REF.png")


def test_a_reference_that_is_none_of_the_drawings_stands_apart(colorize, cut):
    _, err, sidecar = colorize("OTHER.png", "rough/", "-o", "out/")
    assert "OTHER.png is none of the drawings: it stands before the first and after the last" in err
    assert sidecar["output"]["keys"] == []
    assert sidecar["drawings"][0]["kind"] == "coloured"


def test_two_references_are_where_it_is_said(colorize, cut):
    _, err, sidecar = colorize("REF.png", "OTHER.png", "rough/", "-o", "out/", "--at", "1,5")
    assert sidecar["output"]["keys"] == [1, 5]
    assert "OTHER.png is drawing 5" in err
    assert np.array_equal(read_still(cut / "out/A_105.png").pixels, coloured(50))


def test_the_sidecar_tells_of_windows_weights_and_every_sketch(colorize, cut):
    _, _, sidecar = colorize("REF.png", "rough/", "-o", "out/", "--seed", "3")
    windows = sidecar["method"]["windows"]
    assert [window["generation"] for window in windows] == [1, 2, 2]
    drawn = [number for window in windows for number in window["drawings"]]
    assert sorted(drawn) == list(range(2, COUNT + 1))
    details = sidecar["method"]["details"]
    assert details["model"] == "tiny-toon"
    assert len(details["model_sha256"]) == 64
    assert sidecar["settings"]["seed"] == 3
    sketches = sidecar["inputs"]["sketches"]
    assert [one["name"] for one in sketches] == [f"A_{101 + n}.png" for n in range(COUNT)]
    assert sketches[3]["sha256"] == sha256_of(cut / "rough/A_104.png")
    assert sidecar["outputs"][1]["sha256"] == sha256_of(cut / "out/A_102.png")


def test_the_palette_that_drawings_are_locked_to_is_in_the_sidecar(colorize, cut):
    _, _, sidecar = colorize("REF.png", "rough/", "-o", "out/", "--lock-palette")
    assert sorted(sidecar["palette"]["colours"]) == ["#000000", "#5aa0dc", "#e6783c"]
    assert sidecar["settings"]["lock_palette"] is True


def test_a_sketch_steers_its_drawing(colorize, cut):
    colorize("REF.png", "rough/", "-o", "out/", "--at", "none")
    before = read_still(cut / "out/A_103.png").pixels
    write_still(cut / "rough/A_103.png", line_sketch(30), overwrite=True)
    colorize("REF.png", "rough/", "-o", "out/", "--at", "none", "--overwrite")
    assert not np.array_equal(read_still(cut / "out/A_103.png").pixels, before)


def test_the_same_command_twice_gives_the_same_bytes(colorize, cut):
    colorize("REF.png", "rough/", "-o", "out/")
    colorize("REF.png", "rough/", "-o", "again/", sidecar="again/toontween.json")
    for path in (cut / "out").iterdir():
        assert path.read_bytes() == (cut / "again" / path.name).read_bytes()


def test_numbers_of_a_pattern_are_kept(colorize, cut):
    out, _, _ = colorize(
        "REF.png", "rough/A_%d.png", "-o", "out/B_%04d.png", sidecar="out/B.toontween.json"
    )
    assert out.splitlines()[0] == "out/B_0101.png"


def test_a_film_of_sketches_becomes_a_film_at_its_own_rate(colorize, cut):
    frames = [line_sketch(number) for number in range(3)]
    write_video(cut / "rough.mkv", frames, fps=Fraction(12))
    colorize("REF.png", "rough.mkv", "-o", "out.mkv", sidecar="out.mkv.json")
    info = probe(cut / "out.mkv")
    assert (info.num_frames, info.fps) == (3, 12)


def test_on_twos_and_a_rate_of_its_own(colorize, cut):
    flags = ["--on", "2", "--fps", "25"]
    colorize("REF.png", "rough/", "-o", "out.mkv", *flags, sidecar="out.mkv.json")
    info = probe(cut / "out.mkv")
    assert (info.num_frames, info.fps) == (2 * COUNT, 25)


def test_every_frame_is_written_into_a_pattern_on_twos(colorize, cut):
    out, _, _ = colorize("REF.png", "rough/", "-o", "out/%04d.png", "--on", "2")
    assert len(out.splitlines()) == 2 * COUNT


def test_one_sketch_becomes_one_picture(colorize, cut):
    out, _, _ = colorize("OTHER.png", "rough/A_101.png", "-o", "A.png", sidecar="A.png.json")
    assert out == "A.png\n"
    assert read_still(cut / "A.png").pixels.shape == (HEIGHT, WIDTH, 3)


def test_the_references_size_is_the_outputs_and_sketches_may_be_larger(colorize, cut):
    for number in range(COUNT):
        large = np.repeat(np.repeat(line_sketch(number), 2, axis=0), 2, axis=1)
        write_still(cut / f"rough/A_{101 + number}.png", large, overwrite=True)
    _, err, _ = colorize("REF.png", "rough/", "-o", "out/")
    assert "warning" not in err
    assert read_still(cut / "out/A_104.png").pixels.shape == (HEIGHT, WIDTH, 3)


def test_json_names_everything_a_program_needs(colorize, cut):
    out, _, _ = colorize("REF.png", "rough/", "-o", "out/", "--json")
    result = json.loads(out)
    assert result["command"] == "colorize"
    assert result["references"] == [{"name": "REF.png", "drawings": [1]}]
    assert (result["method"], result["num_drawings"], result["keys"]) == ("toon", COUNT, [1])
    assert result["outputs"][0] == "out/A_101.png"


def test_quiet_says_nothing_but_the_result(colorize, cut):
    out, err, _ = colorize("REF.png", "rough/", "-o", "out/", "--quiet")
    assert (len(out.splitlines()), err) == (COUNT, "")


def test_equal_doubts_about_many_sketches_are_one_warning(colorize, cut):
    bare = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for number in range(2, COUNT):
        write_still(cut / f"rough/A_{101 + number}.png", bare, overwrite=True)
    _, err, sidecar = colorize("REF.png", "rough/", "-o", "out/")
    assert err.count("warning") == 1
    assert "A_103.png, A_104.png, A_105.png, A_106.png and 1 more: is blank" in err
    assert len(sidecar["warnings"]) == 1


def write_bad(cut: Path) -> None:
    (cut / "rough/A_104.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")


def write_bare(cut: Path) -> None:
    bare = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for number in range(COUNT):
        write_still(cut / f"rough/A_{101 + number}.png", bare, overwrite=True)


def write_square(cut: Path) -> None:
    write_still(cut / "rough/A_104.png", line_sketch(1, height=80, width=80), overwrite=True)


def put_in_the_way(cut: Path) -> None:
    (cut / "out").mkdir()
    (cut / "out/A_105.png").write_text("old")


ERRORS = {
    "no sketches": ("REF.png nowhere -o out/", None, "nowhere"),
    "empty folder": (
        "REF.png empty -o out/",
        lambda cut: (cut / "empty").mkdir(),
        "no pictures in empty",
    ),
    "no reference": ("rough/ -o out/", None, "references"),
    "missing reference": ("NONE.png rough/ -o out/", None, "NONE.png"),
    "three references": ("REF.png OTHER.png REF.png rough/ -o out/", None, "3 references"),
    "at beyond the end": ("REF.png rough/ -o out/ --at 8", None, "the drawings are 1…7"),
    "at zero": ("REF.png rough/ -o out/ --at 0", None, "the drawings are 1…7"),
    "at a word": ("REF.png rough/ -o out/ --at first", None, "'first' is not a place"),
    "at twice": ("REF.png OTHER.png rough/ -o out/ --at 2,2", None, "two references are drawing 2"),
    "at once for two": (
        "REF.png OTHER.png rough/ -o out/ --at 2",
        None,
        "2 references, but 1 place",
    ),
    "damaged sketch": ("REF.png rough/ -o out/", write_bad, "A_104.png"),
    "blank sketches": ("REF.png rough/ -o out/", write_bare, "no line on any of the 7 sketches"),
    "other shape": ("REF.png rough/ -o out/ --fit error", write_square, "A_104.png is 80×80"),
    "output exists": ("REF.png rough/ -o out/", put_in_the_way, "out/A_105.png exists already"),
    "into the sketches": ("REF.png rough/ -o rough/ --overwrite", None, "is one of the inputs"),
    "onto the reference": (
        "REF.png rough/A_101.png -o REF.png --overwrite",
        None,
        "is one of the inputs",
    ),
    "reference among sketches": ("rough/A_101.png rough/ -o out/", None, "is one of the sketches"),
    "many into one": ("REF.png rough/ -o out.png", None, "holds one drawing; there are 7"),
    "no kind of output": ("REF.png rough/ -o out", None, "does not say what to write"),
    "unknown setting": ("REF.png rough/ -o out/ --set steps=3", None, "no option 'steps'"),
    "on zero": ("REF.png rough/ -o out/ --on 0", None, "exposure on 0"),
    "fps zero": ("REF.png rough/ -o out/ --fps 0", None, "fps 0"),
    "seed negative": ("REF.png rough/ -o out/ --seed -1", None, "seed -1"),
    "one sketch, coloured already": (
        "REF.png rough/A_101.png -o A.png",
        None,
        "nothing is left to colour",
    ),
}


@pytest.mark.parametrize(("arguments", "spoil", "message"), ERRORS.values(), ids=ERRORS)
def test_what_cannot_be_is_said_and_nothing_is_written(
    toontween, cut, model, arguments, spoil, message
):
    if spoil is not None:
        spoil(cut)
    before = names_in(cut)
    code, out, err = toontween("colorize", *arguments.split(), "--model", str(model))
    assert message in err
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert names_in(cut) == before


def test_without_weights_everything_that_is_missing_is_named(toontween, cut):
    code, out, err = toontween("colorize", "REF.png", "rough/", "-o", "out/")
    assert (code, out) == (1, "")
    assert "weights pull tooncrafter-512" in err
    assert "weights pull tooncrafter-sketch" in err
    assert not (cut / "out").exists()


def test_a_model_without_a_sketch_encoder_is_not_enough(toontween, cut, tmp_path):
    build_tiny_pipeline(sketches=False).save_pretrained(tmp_path / "plain")
    config = tmp_path / "plain/unet/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_frames": WINDOW}))
    arguments = ["REF.png", "rough/", "-o", "out/", "--model", str(tmp_path / "plain")]
    code, _, err = toontween("colorize", *arguments)
    assert code == 1
    assert "weights pull tooncrafter-sketch" in err
