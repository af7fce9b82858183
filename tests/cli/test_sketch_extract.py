"""`toontween sketch extract`: what it writes and prints when all is well, or nearly."""

import hashlib
import json
from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image

from tests.cli.drawings import names_in, outlined
from toontween.media.frames import composite_over, from_picture, to_picture
from toontween.media.images import read_still, write_still
from toontween.media.video import probe, read_video, write_video
from toontween.models.line_extractor import LineExtractor

SIZE = (96, 64)


@pytest.fixture(autouse=True)
def _drawings(folder):
    """Beside A.png and B.png, which have no lines: a folder of three inked drawings and a film of them."""
    (folder / "in").mkdir()
    frames = [outlined(*SIZE, at=at) for at in (0.4, 0.5, 0.6)]
    for number, pixels in zip((7, 8, 9), frames, strict=True):
        write_still(folder / f"in/A_{number:04}.png", pixels)
    write_video(folder / "cut.mkv", frames, fps=Fraction(24000, 1001))


@pytest.fixture
def extract(toontween):
    """Run the command, which must do without an error; gives stdout and stderr."""

    def call(*arguments: str) -> tuple[str, str]:
        code, out, err = toontween("sketch", "extract", *arguments)
        assert code == 0, err
        return out, err

    return call


def pixels_of(path):
    return read_still(path).pixels


def sidecar_of(path):
    return json.loads(path.read_text())


NUMBERED = [f"{n:04}.png" for n in (1, 2, 3)]
NAMED = [f"A_{n:04}.png" for n in (7, 8, 9)]


@pytest.mark.parametrize(
    ("source", "out", "written"),
    [
        ("in/A_0007.png", "x.png", ["x.png"]),
        ("in/A_0007.png", "x.tiff", ["x.tiff"]),
        ("in/A_0007.png", "o/", ["o/A_0007.png"]),
        ("in/A_0007.png", "o/%d.png", ["o/1.png"]),
        ("in/A_0007.png", "x.gif", ["x.gif"]),
        ("in", "o/", [f"o/{name}" for name in NAMED]),
        ("in/", "o/B_%02d.png", ["o/B_01.png", "o/B_02.png", "o/B_03.png"]),
        ("in", "x.mp4", ["x.mp4"]),
        ("in/A_%04d.png", "o/", [f"o/{name}" for name in NAMED]),
        ("in/A_%04d.png", "o/B_%02d.png", ["o/B_07.png", "o/B_08.png", "o/B_09.png"]),
        ("cut.mkv", "o/", [f"o/{name}" for name in NUMBERED]),
        ("cut.mkv", "o/B_%04d.webp", [f"o/B_000{n}.webp" for n in (1, 2, 3)]),
        ("cut.mkv", "x.webm", ["x.webm"]),
        ("cut.mkv", "x.mkv", ["x.mkv"]),
    ],
)
def test_every_input_becomes_every_output(extract, folder, source, out, written):
    before = names_in(folder)
    printed, err = extract(source, "-o", out)
    assert printed.splitlines() == written
    sidecar = err.removeprefix("how it was made: ").strip()
    new = names_in(folder) - before - {"o"}
    assert new == {*written, sidecar}
    expected = 1 if source == "in/A_0007.png" else 3
    assert sidecar_of(folder / sidecar)["output"]["num_drawings"] == expected


def test_the_same_lines_are_found_whatever_the_way_in_and_out(extract, folder):
    extract("in", "-o", "names/")
    extract("in/A_%04d.png", "-o", "numbers/%d.png")
    extract("cut.mkv", "-o", "frames/")
    extract("cut.mkv", "-o", "lines.mkv")
    extract("in/A_0008.png", "-o", "one.png")
    film = list(read_video(folder / "lines.mkv"))
    for index, (number, name) in enumerate(zip((7, 8, 9), NAMED, strict=True)):
        lines = pixels_of(folder / "names" / name)
        assert np.array_equal(lines, pixels_of(folder / f"numbers/{number}.png"))
        assert np.array_equal(lines, pixels_of(folder / "frames" / NUMBERED[index]))
        assert np.array_equal(lines, film[index])
    assert np.array_equal(pixels_of(folder / "one.png"), film[1])


def test_the_lines_are_where_the_ink_was(extract, folder):
    extract("in/A_0008.png", "-o", "lines.png")
    lines = pixels_of(folder / "lines.png")
    drawn = (pixels_of(folder / "in/A_0008.png") < 60).all(axis=2)
    assert lines[drawn].max() < 60
    far = ~drawn & (lines < 200).any(axis=2)
    assert far.sum() < 0.1 * drawn.sum()


def test_a_film_keeps_its_rate_and_pictures_are_given_one(extract, folder):
    extract("cut.mkv", "-o", "a.mp4")
    extract("in", "-o", "b.mp4")
    extract("in", "-o", "c.mp4", "--fps", "12.5")
    rates = [probe(folder / f"{name}.mp4").fps for name in "abc"]
    assert rates == [Fraction(24000, 1001), 24, Fraction(25, 2)]


def test_pictures_of_several_sizes_keep_them(extract, folder):
    write_still(folder / "in/A_0008.png", outlined(50, 71, at=0.5), overwrite=True)
    extract("in", "-o", "o/")
    assert [pixels_of(folder / "o" / name).shape for name in NAMED] == [
        (64, 96, 3),
        (71, 50, 3),
        (64, 96, 3),
    ]


def test_names_end_in_png_whatever_the_drawings_were(extract, folder):
    write_still(folder / "face.tga", outlined(*SIZE, at=0.5))
    out, _ = extract("face.tga", "-o", "o/")
    assert out == "o/face.png\n"


def test_json_names_everything_a_program_needs(extract, folder):
    write_still(folder / "in/A_0010.png", np.full((64, 96, 3), 255, np.uint8))
    out, _ = extract("in", "-o", "o/", "--json", "--colours", "keep")
    assert json.loads(out) == {
        "command": "sketch extract",
        "out": "o/",
        "outputs": [f"o/{name}" for name in [*NAMED, "A_0010.png"]],
        "sidecar": "o/toontween.json",
        "method": "strokes",
        "kind": "drawings",
        "fps": None,
        "num_drawings": 4,
        "colours": ["black"],
        "blank": ["A_0010.png"],
        "lossy": False,
        "warnings": ["no line was found in A_0010.png"],
    }


def test_the_sidecar_tells_how_the_lines_were_made(extract, folder):
    extract(*["in", "-o", "o/", "--weight", "2", "--despeckle", "5", "--set", "contrast=0.3"])
    sidecar = sidecar_of(folder / "o/toontween.json")
    assert sidecar["program"] == "toontween"
    assert sidecar["libraries"]["scikit-image"]
    assert sidecar["method"]["name"] == "strokes"
    assert sidecar["method"]["settings"]["contrast"] == 0.3
    assert sidecar["settings"] == {
        "weight": 2.0,
        "binary": False,
        "despeckle": 5,
        "colours": "one",
        "ground": "white",
    }
    data = (folder / "in/A_0008.png").read_bytes()
    assert sidecar["inputs"]["drawings"][1] == {
        "name": "A_0008.png",
        "width": 96,
        "height": 64,
        "bit_depth": 8,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert [output["name"] for output in sidecar["outputs"]] == NAMED
    assert str(folder) not in (folder / "o/toontween.json").read_text()


def test_the_sidecar_of_a_film_names_the_film(extract, folder):
    extract("cut.mkv", "-o", "lines.mp4")
    sidecar = sidecar_of(folder / "lines.mp4.json")
    assert sidecar["inputs"]["film"] == {
        "name": "cut.mkv",
        "width": 96,
        "height": 64,
        "num_frames": 3,
        "fps": "24000/1001",
        "sha256": hashlib.sha256((folder / "cut.mkv").read_bytes()).hexdigest(),
    }
    assert (sidecar["output"]["fps"], sidecar["lossy"]) == ("24000/1001", True)


def test_a_picture_carries_a_note_of_how_it_was_made(extract, folder):
    extract("in/A_0007.png", "-o", "lines.png")
    with Image.open(folder / "lines.png") as image:
        image.load()
        assert image.info["Software"] == "ToonTween"
        assert "method strokes" in image.info["Comment"]
        assert "lines.png.json" in image.info["Comment"]


def test_the_same_command_twice_gives_the_same_bytes(extract, folder):
    for out in ("one", "two"):
        extract("in", "-o", f"{out}/", "--weight", "3")
    for path in (folder / "one").iterdir():
        assert path.read_bytes() == (folder / "two" / path.name).read_bytes()


def test_quiet_says_nothing_but_the_result(extract):
    assert extract("A.png", "-o", "lines.png", "--quiet") == ("lines.png\n", "")


def test_overwrite_replaces_what_is_there(extract, folder):
    (folder / "o").mkdir()
    (folder / "o/A_0008.png").write_text("old")
    extract("in", "-o", "o/", "--overwrite")
    assert pixels_of(folder / "o/A_0008.png").shape == (64, 96, 3)


def over(pixels, level):
    return from_picture(composite_over(to_picture(pixels), (level, level, level)), np.uint8)


def test_the_grounds_agree_with_one_another(extract, folder):
    for ground in ("white", "black", "transparent"):
        extract("in/A_0007.png", "-o", f"{ground}.png", "--ground", ground)
    white, black, layer = (
        pixels_of(folder / f"{g}.png") for g in ("white", "black", "transparent")
    )
    assert np.array_equal(white, 255 - black)
    assert np.array_equal(over(layer, 1.0), white)
    assert np.array_equal(layer[..., 3], black[..., 0])
    assert not layer[..., :3].any()


def test_binary_lines_are_ink_or_paper(extract, folder):
    extract("in/A_0007.png", "-o", "lines.png", "--binary", "--weight", "2")
    assert set(np.unique(pixels_of(folder / "lines.png"))) == {0, 255}


def test_the_weight_is_that_of_all_strokes(extract, folder):
    inked: list[float] = []
    for weight in ("1.5", "6"):
        extract("in/A_0007.png", "-o", f"{weight}.png", "--weight", weight)
        inked.append((255 - pixels_of(folder / f"{weight}.png").astype(float)).sum())
    assert 3 < inked[1] / inked[0] < 5


def test_specks_are_left_out(extract, folder):
    pixels = np.full((64, 96, 3), 255, np.uint8)
    pixels[30:33, 8:88] = 0
    pixels[5:9, 5:9] = 0
    write_still(folder / "specks.png", pixels)
    for size in ("0", "30"):
        extract(*["specks.png", "-o", f"{size}.png", "--despeckle", size, "--method", "scan"])
    assert np.array_equal(pixels_of(folder / "0.png"), pixels)
    pixels[5:9, 5:9] = 255
    assert np.array_equal(pixels_of(folder / "30.png"), pixels)


@pytest.fixture
def traces(folder):
    """Two cleaned-up drawings, black and red lines; only the second has a blue one."""
    (folder / "traces").mkdir()
    for number in (1, 2):
        pixels = np.full((64, 96, 3), 255, np.uint8)
        pixels[10:13, 8:88] = (10, 10, 10)
        pixels[30:33, 8:88] = (240, 30, 20)
        if number == 2:
            pixels[50:53, 8:88] = (30, 40, 240)
        write_still(folder / f"traces/T{number}.png", pixels)
    return folder / "traces"


def test_trace_lines_keep_their_colours(extract, folder, traces):
    extract("traces", "-o", "o/", "--method", "scan", "--colours", "keep", "--binary")
    lines = pixels_of(folder / "o/T2.png")
    assert [lines[y, 40].tolist() for y in (11, 31, 51, 60)] == [
        [0, 0, 0],
        [255, 0, 0],
        [0, 0, 255],
        [255, 255, 255],
    ]


def test_separate_colours_add_up_and_every_colour_is_a_whole_sequence(extract, folder, traces):
    flags = ["--method", "scan", "--weight", "2"]
    out, _ = extract("traces", "-o", "apart/", "--colours", "separate", *flags)
    extract("traces", "-o", "keep/", "--colours", "keep", *flags)
    colours = ("black", "red", "blue")
    assert out.splitlines() == [f"apart/T{n}.{c}.png" for n in (1, 2) for c in colours]
    for number in (1, 2):
        sheets = [pixels_of(folder / f"apart/T{number}.{c}.png").astype(int) for c in colours]
        whole = 255 - sum(255 - sheet for sheet in sheets)
        assert np.array_equal(whole, pixels_of(folder / f"keep/T{number}.png"))
    assert pixels_of(folder / "apart/T1.blue.png").min() == 255
    assert sidecar_of(folder / "apart/toontween.json")["output"]["colours"] == list(colours)


def test_coloured_lines_stand_on_any_ground(extract, folder, traces):
    for ground in ("white", "black", "transparent"):
        flags = ["--method", "scan", "--colours", "keep", "--ground", ground]
        extract("traces/T2.png", "-o", f"{ground}.png", *flags)
    white, black, layer = (
        pixels_of(folder / f"{g}.png") for g in ("white", "black", "transparent")
    )
    assert np.abs(over(layer, 1.0).astype(int) - white).max() <= 1
    assert black[11, 40].min() > 230
    assert (black[31, 40] > (200, -1, -1)).all()
    assert black[31, 40, 1:].max() == 0


def test_a_drawing_without_lines_has_one_black_sheet(extract, folder):
    write_still(folder / "bare.png", np.full((64, 96, 3), 255, np.uint8))
    out, err = extract("bare.png", "-o", "o/", "--colours", "separate")
    assert out == "o/bare.black.png\n"
    assert "warning: no line was found in bare.png" in err
    assert pixels_of(folder / "o/bare.black.png").min() == 255


def test_colours_of_an_earlier_run_are_told_of(extract, folder, traces):
    flags = ["-o", "o/", "--method", "scan", "--colours", "separate", "--overwrite"]
    extract("traces/T2.png", *flags)
    write_still(traces / "T2.png", read_still(traces / "T1.png").pixels, overwrite=True)
    _, err = extract("traces/T2.png", *flags)
    assert "warning: o still holds T2.blue.png of an earlier run" in err
    assert (folder / "o/T2.blue.png").exists()


def test_cels_are_put_on_white(extract, folder):
    pixels = outlined(*SIZE, at=0.5, channels=4)
    write_still(folder / "cel.png", pixels)
    write_still(folder / "flat.png", over(pixels, 1.0))
    for name in ("cel", "flat"):
        extract(f"{name}.png", "-o", f"{name}-lines.png")
    assert np.array_equal(pixels_of(folder / "cel-lines.png"), pixels_of(folder / "flat-lines.png"))


def test_sixteen_bits_are_read_as_eight_are(extract, folder):
    write_still(folder / "deep.png", outlined(*SIZE, at=0.4, dtype=np.uint16))
    for name in ("deep.png", "in/A_0007.png"):
        extract(name, "-o", "lines/")
    deep = pixels_of(folder / "lines/deep.png")
    assert deep.dtype == np.uint8
    assert np.array_equal(deep, pixels_of(folder / "lines/A_0007.png"))


def test_many_bare_drawings_are_one_warning(extract, folder):
    for number in range(10, 20):
        write_still(folder / f"in/A_{number:04}.png", np.full((64, 96, 3), 255, np.uint8))
    _, err = extract("in", "-o", "o/")
    (warning,) = [line for line in err.splitlines() if line.startswith("warning")]
    assert warning == (
        "warning: no line was found in A_0010.png, A_0011.png, A_0012.png, A_0013.png and 6 more"
    )
    assert len(sidecar_of(folder / "o/toontween.json")["output"]["blank"]) == 10


def test_bare_frames_of_a_film_are_told_by_their_numbers(extract, folder):
    bare = np.full((64, 96, 3), 255, np.uint8)
    write_video(folder / "pause.mkv", [outlined(*SIZE, at=0.5), bare, bare], fps=Fraction(24))
    _, err = extract("pause.mkv", "-o", "lines.mp4")
    assert "warning: no line was found in frame 2, frame 3\n" in err


def test_what_a_scan_is_doubtful_of_is_said_once(extract, folder):
    (folder / "scans").mkdir()
    for number in range(6):
        pixels = np.full((64, 96, 3), 255, np.uint8)
        pixels[20:23, 10:86] = 235 - number  # very faint
        write_still(folder / f"scans/S{number}.png", pixels)
    _, err = extract("scans", "-o", "o/", "--method", "scan")
    (warning,) = [line for line in err.splitlines() if line.startswith("warning")]
    assert warning.startswith("warning: S0.png, S1.png, S2.png, S3.png and 2 more: ")
    assert "faint" in warning


def test_odd_sides_of_an_mp4_are_said_to_grow(extract, folder):
    write_still(folder / "odd.png", outlined(95, 63, at=0.5))
    _, err = extract("odd.png", "-o", "odd.mp4")
    assert "warning: .mp4 needs even sides: the film is 96×64" in err


def test_greys_that_a_lossy_format_adds_to_binary_lines_are_told_of(extract):
    assert "greys" not in extract("in", "-o", "exact.gif", "--binary")[1]
    assert "warning: .mp4 does not keep pixels" in extract("in", "-o", "x.mp4", "--binary")[1]


def test_a_network_of_ones_own_draws_and_is_recorded(extract, folder):
    network = LineExtractor(base_channels=2, num_downs=3)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    network.save_pretrained(folder / "mine")
    extract(
        *["in", "-o", "o/", "--method", "anime2sketch", "--weights", "mine", "--device", "cpu"],
        *["--set", "side_px=64"],
    )
    method = sidecar_of(folder / "o/toontween.json")["method"]
    assert (method["name"], method["weights"], method["device"]) == ("anime2sketch", "mine", "cpu")
    assert len(method["weights_sha256"]) == 64
    assert method["settings"] == {"side_px": 64}
    assert pixels_of(folder / "o/A_0007.png").shape == (64, 96, 3)
