"""`toontween sketch preview`: what the model will see, from the files an animator has."""

import json
from fractions import Fraction

import numpy as np
import pytest

from tests.cli.drawings import names_in, outlined
from tests.unit.drawing.material import face, on, on_white, scan
from toontween.drawing.lines import Ground, Lines
from toontween.drawing.reading import read_sketch
from toontween.drawing.strokes import scale_lines
from toontween.media.images import read_still, write_still
from toontween.media.video import write_video
from toontween.pipelines.inputs.keys import prepare_keys
from toontween.pipelines.inputs.sketches import prepare_hints

GIVEN = {"A.png", "B.png", "in", "in/0007.png", "in/0008.png", "key.png", "thick.png", "square.png"}


def in_pixels(picture: np.ndarray) -> np.ndarray:
    return np.rint(picture * 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def _sketches(folder):
    """A key of 256×192 and sketches of other sizes; A.png and B.png are no sketches."""
    (folder / "in").mkdir()
    write_still(
        folder / "key.png", in_pixels(on_white(face(192, 256, pen=2), colour=(0, 0.3, 0.6)))
    )
    write_still(folder / "in/0007.png", in_pixels(on_white(face(384, 512, pen=4))))
    write_still(folder / "in/0008.png", in_pixels(on(Ground.TRANSPARENT, face(192, 256, pen=2))))
    write_still(folder / "thick.png", in_pixels(on_white(face(384, 512, pen=16))))
    write_still(folder / "square.png", in_pixels(on_white(face(192, 192, pen=2))))


@pytest.fixture
def preview(toontween):
    """Run the command, which must do without an error; gives stdout and stderr."""

    def call(*arguments: str) -> tuple[str, str]:
        code, out, err = toontween("sketch", "preview", *arguments)
        assert code == 0, err
        return out, err

    return call


def test_a_sheet_shows_given_seen_and_over_the_key(preview, folder):
    out, err = preview("in/0007.png", "in/0008.png", "--key", "key.png", "-o", "sheet.png")
    first, second, written = out.splitlines()
    assert first.startswith("0007.png: on white, 512×384 → 256×192, strokes 4.")
    assert second.startswith("0008.png: on transparent, 256×192 → 256×192, strokes 2.")
    assert written == "sheet.png"
    assert err == ""
    assert names_in(folder) == GIVEN | {"sheet.png"}
    sheet = read_still(folder / "sheet.png").pixels
    assert sheet.shape[1] > 3 * 256
    assert sheet.shape[0] > 2 * 192
    seen = read_sketch(read_still(folder / "in/0007.png").pixels / np.float32(255), name="x")
    hint = scale_lines(seen.lines, height_px=192, width_px=256).draw(Ground.BLACK)
    assert holds(sheet, hint)


def holds(sheet: np.ndarray, panel: np.ndarray) -> bool:
    """Whether a panel stands somewhere on a sheet, pixel by pixel."""
    height, width = panel.shape[:2]
    rows = range(sheet.shape[0] - height + 1)
    columns = range(sheet.shape[1] - width + 1)
    corners = np.argwhere(
        np.all(sheet[: len(rows), : len(columns)] == panel[0, 0], axis=2)
        & np.all(sheet[height - 1 :, width - 1 :] == panel[-1, -1], axis=2)
    )
    return any(np.array_equal(sheet[y : y + height, x : x + width], panel) for y, x in corners)


def test_a_folder_gets_the_very_hints_of_the_pipeline(preview, folder):
    preview(
        "in/0007.png",
        "thick.png",
        "--key",
        "key.png",
        "--size",
        "128x128",
        "-o",
        "hints/",
        "--quiet",
    )
    assert names_in(folder) == GIVEN | {"hints", "hints/0007.png", "hints/thick.png"}
    key = read_still(folder / "key.png").pixels
    keys = prepare_keys(key, key, multiple=64, height=128, width=128)
    for name in ("in/0007.png", "thick.png"):
        pixels = read_still(folder / name).pixels
        hints = prepare_hints({3: pixels}, keys, num_frames=5)
        assert hints is not None
        written = read_still(folder / "hints" / name.split("/")[-1]).pixels
        assert written.shape == (128, 128, 3)
        assert np.array_equal(written[..., 0], np.rint(hints[0, 3, 0].numpy() * 255))


def test_hints_can_be_numbered(preview, folder):
    out, _ = preview("in/", "-o", "seen/h_%03d.png")
    assert out.splitlines()[-2:] == ["seen/h_001.png", "seen/h_002.png"]
    assert read_still(folder / "seen/h_001.png").pixels.shape == (384, 512, 3)


def test_a_hint_reads_as_the_lines_it_shows(preview, folder):
    preview("in/0008.png", "-o", "hints/")
    hint = read_still(folder / "hints/0008.png").pixels
    assert np.array_equal(hint[..., 0], read_still(folder / "in/0008.png").pixels[..., 3])


def test_thick_strokes_are_redrawn_unless_they_are_to_be_kept(preview):
    auto = json.loads(preview("thick.png", "--key", "key.png", "-o", "a.png", "--json")[0])
    kept = json.loads(
        preview("thick.png", "--key", "key.png", "-o", "b.png", "--json", "--strokes", "keep")[0]
    )
    assert auto["sketches"][0]["stroke_px"] == pytest.approx(16, rel=0.12)
    assert auto["sketches"][0]["model"]["stroke_px"] < 2.6
    assert kept["sketches"][0]["model"]["stroke_px"] == pytest.approx(8, rel=0.12)


def test_json_says_what_was_seen(preview):
    out, err = preview("square.png", "--key", "key.png", "-o", "hints/", "--json")
    said = json.loads(out)
    assert said["command"] == "sketch preview"
    assert said["outputs"] == ["hints/square.png"]
    (sketch,) = said["sketches"]
    assert (sketch["name"], sketch["ground"]) == ("square.png", "white")
    assert (sketch["width"], sketch["height"], sketch["adapted"]) == (192, 192, "letterboxed")
    assert (sketch["model"]["width"], sketch["model"]["height"]) == (256, 192)
    assert sketch["warnings"] == said["warnings"]
    assert "square.png is 192×192, the key 256×192: letterboxed" in err


def test_doubts_are_remarked_unless_quiet(preview, folder):
    write_still(folder / "blank.png", np.full((192, 256, 3), 255, np.uint8))
    _, err = preview("blank.png", "--key", "key.png", "-o", "sheet.png")
    assert err.startswith("warning: blank.png is blank")
    out, err = preview("blank.png", "-o", "sheet.png", "--overwrite", "--quiet")
    assert err == ""
    assert "blank.png: on white, 256×192 → 256×192, no strokes, ink 0.0%" in out


def test_a_finished_drawing_is_remarked(preview, folder):
    write_still(folder / "done.png", outlined(192, 128, at=0.5))
    _, err = preview("done.png", "-o", "sheet.png")
    assert "warning: done.png looks like a photo or a finished picture" in err
    assert "toontween sketch extract" in err


def test_a_pencil_scan_of_sixteen_bits_is_previewed(preview, folder):
    sheet = scan(face(384, 512, pen=4), seed=1)
    write_still(folder / "scan.png", np.rint(sheet * 65535).astype(np.uint16))
    out, err = preview("scan.png", "--key", "key.png", "-o", "sheet.png")
    assert err == ""
    assert "scan.png: on white, 512×384 → 256×192" in out


def test_a_misjudged_ground_can_be_told(preview):
    out, _ = preview("in/0007.png", "--ground", "black", "-o", "a.png", "--json")
    (sketch,) = json.loads(out)["sketches"]
    assert sketch["ground"] == "black"
    assert sketch["coverage"] > 0.8


def test_the_frame_is_padded_as_the_model_pads_it(preview, folder):
    write_still(folder / "wide.png", in_pixels(on_white(face(180, 320, pen=2))))
    preview("wide.png", "--key", "wide.png", "-o", "hints/")
    hint = read_still(folder / "hints/wide.png").pixels[..., 0]
    assert hint.shape == (192, 320)
    assert not hint[:6].any()
    assert not hint[-6:].any()
    assert Lines(hint[6:-6].astype(np.float32) / np.float32(255)).coverage > 0.01


ERRORS = {
    "missing": ("none.png", "-o s.png", "none.png"),
    "no picture": ("key.txt", "-o s.png", "key.txt"),
    "key missing": ("in/0007.png", "--key none.png -o s.png", "none.png"),
    "size word": ("in/0007.png", "--size big -o s.png", "--size 'big' is not WIDTHxHEIGHT"),
    "size half": ("in/0007.png", "--size 512 -o s.png", "--size '512' is not WIDTHxHEIGHT"),
    "size zero": ("in/0007.png", "--size 0x320 -o s.png", "width=0 is not within"),
    "size huge": ("in/0007.png", "--size 99999x320 -o s.png", "width=99999 is not within"),
    "shape": ("square.png", "--key key.png --fit error -o s.png", "the shapes differ"),
    "no alpha": ("in/0007.png", "--ground transparent -o s.png", "has no transparency"),
    "unknown ground": ("in/0007.png", "--ground grey -o s.png", "grey"),
    "twice": ("in/0007.png in/", "-o s.png", "is given twice"),
    "same names": ("in/0007.png 0007.png", "-o hints/", "would both become"),
    "film out": ("in/0007.png", "-o s.mp4", "s.mp4 is a film"),
    "over input": ("in/0007.png", "-o in/0007.png --overwrite", "is one of the inputs"),
    "over key": ("in/0007.png", "--key key.png -o key.png --overwrite", "is one of the inputs"),
    "hints over inputs": ("in/", "-o in/ --overwrite", "is one of the inputs"),
    "exists": ("in/0007.png", "-o square.png", "square.png exists already"),
    "what": ("in/0007.png", "-o sheet", "does not say what to write"),
    "sheet for many": ("in/", "-o key.xyz", "cannot write .xyz files"),
}


@pytest.mark.parametrize(("sketches", "flags", "message"), ERRORS.values(), ids=ERRORS)
def test_what_cannot_be_is_said_and_nothing_is_written(toontween, folder, sketches, flags, message):
    (folder / "key.txt").write_text("no picture")
    (folder / "0007.png").write_bytes((folder / "in/0007.png").read_bytes())
    before = {name: (folder / name).stat().st_mtime_ns for name in names_in(folder)}
    code, out, err = toontween("sketch", "preview", *sketches.split(), *flags.split())
    assert message in err
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert {name: (folder / name).stat().st_mtime_ns for name in names_in(folder)} == before


def test_a_film_is_no_sketch(toontween, folder):
    frames = [np.full((64, 96, 3), 255, np.uint8)] * 3
    write_video(folder / "sketches.mp4", frames, fps=Fraction(24))
    code, _, err = toontween("sketch", "preview", "sketches.mp4", "-o", "s.png")
    assert code == 2
    assert "sketches.mp4 is a film, not a sketch" in err


def test_a_damaged_sketch_leaves_no_hint_behind(toontween, folder):
    whole = (folder / "in/0008.png").read_bytes()
    (folder / "in/0009.png").write_bytes(whole[: len(whole) // 2])
    code, _, err = toontween("sketch", "preview", "in/", "-o", "hints/")
    assert code == 2
    assert "0009.png" in err
    assert not (folder / "hints").exists()
