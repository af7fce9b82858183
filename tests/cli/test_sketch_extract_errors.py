"""`toontween sketch extract`: what cannot be done is said in a line, with an exit code, and leaves nothing behind."""

import json
import os
import resource
import signal
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from tests.cli.drawings import names_in, outlined
from toontween.media.images import write_still
from toontween.media.video import write_video

SIZE = (96, 64)


@pytest.fixture(autouse=True)
def _drawings(folder):
    """Beside A.png and B.png: a folder of three inked drawings and a film of them."""
    (folder / "in").mkdir()
    frames = [outlined(*SIZE, at=at) for at in (0.4, 0.5, 0.6)]
    for number, pixels in zip((7, 8, 9), frames, strict=True):
        write_still(folder / f"in/A_{number:04}.png", pixels)
    write_video(folder / "cut.mkv", frames, fps=Fraction(24))


@pytest.fixture
def refused(toontween, folder):
    """Run the command, which must refuse and leave the folder as it was; gives stderr."""

    def call(*arguments: str) -> str:
        before = {name: content_of(folder / name) for name in names_in(folder)}
        code, out, err = toontween("sketch", "extract", *arguments)
        assert (code, out) == (2, ""), err
        assert err.startswith("error: ")
        assert "Traceback" not in err
        assert {name: content_of(folder / name) for name in names_in(folder)} == before
        return err

    return call


def content_of(path):
    return path.read_bytes() if path.is_file() else None


FLAGS = {
    "method unknown": ("--method stroeks", "did you mean 'strokes'?"),
    "weights of no network": ("--weights mine", "needs no weights"),
    "weights unknown": ("--method anime2sketch --weights mien", "no model and no folder 'mien'"),
    "setting unknown": ("--set contrats=0.2", "no option 'contrats'"),
    "setting malformed": ("--set contrast", "is not NAME=VALUE"),
    "setting twice": ("--set contrast=0.2 --set contrast=0.3", "given twice"),
    "setting out of range": ("--set contrast=7", "contrast is 7"),
    "setting no number": ("--set contrast=high", "contrast 'high' is not a number"),
    "setting that is a flag": ("--set weights=mine", "no option 'weights'"),
    "setting that is no setting": ("--set name=strokes", "no option 'name'"),
    "device unknown": ("--device gpu", "gpu"),
    "device unfit": ("--device cuda", "runs on the CPU"),
    "weight zero": ("--weight 0", "weight 0 is not within"),
    "weight negative": ("--weight -2", "weight -2 is not within"),
    "weight no number": ("--weight nan", "weight nan is not within"),
    "weight absurd": ("--weight 1e9", "weight 1e+09 is not within"),
    "weight word": ("--weight thick", "'--weight'"),
    "despeckle negative": ("--despeckle -1", "despeckle -1 is negative"),
    "colours unknown": ("--colours all", "all"),
    "ground unknown": ("--ground grey", "grey"),
    "fps of pictures": ("--fps 24", "is no film"),
    "fps word": ("--fps fast", "fps 'fast' is not a frame rate"),
}


@pytest.mark.parametrize(("flags", "message"), FLAGS.values(), ids=FLAGS)
def test_a_wrong_flag_is_named(refused, flags, message):
    assert message in refused("in", "-o", "o/", *flags.split())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none.png", "there is no file none.png"),
        ("none.mp4", "there is no file none.mp4"),
        ("none/", "there is no file none"),
        ("none/%04d.png", "no file matches none/%04d.png"),
        ("in/%04d.png", "no file matches in/%04d.png"),
        ("in/A_%04d_%d.png", "is not a pattern"),
        ("empty", "there are no pictures in empty"),
        ("notes.txt", "notes.txt is neither a picture nor a film"),
        ("bad.png", "bad.png is not a picture"),
        ("bad.mp4", "bad.mp4 is damaged or not a .mp4 file"),
        ("nothing.png", "nothing.png is empty"),
    ],
)
def test_an_input_that_is_none_is_named(refused, folder, source, message):
    (folder / "empty").mkdir()
    for name in ("notes.txt", "bad.png", "bad.mp4"):
        (folder / name).write_text("no picture at all")
    (folder / "nothing.png").write_bytes(b"")
    assert message in refused(source, "-o", "o/")


@pytest.mark.parametrize(
    ("source", "out", "message"),
    [
        ("in", "o", "does not say what to write"),
        ("in", "o.xyz", "cannot write .xyz files"),
        ("in", "o/%04d.mp4", "cannot number files"),
        ("in", "lines.png", "holds one drawing; there are 3"),
        ("cut.mkv", "lines.png", "holds one drawing; there are 3"),
        ("in", "A.png/o/", "is a file, not a folder"),
        ("in", "x" * 300 + ".mp4", "too long"),
        ("in", "in/", "one of the inputs"),
        ("in", "in/A_%04d.png", "one of the inputs"),
        ("A.png", "A.png", "A.png is one of the inputs"),
        ("A.png", "./", "A.png is one of the inputs"),
        ("cut.mkv", "cut.mkv", "cut.mkv is one of the inputs"),
    ],
)
def test_an_output_that_cannot_be_is_refused_even_when_asked_to_overwrite(
    refused, source, out, message
):
    if (source, out) == ("in", "in/A_%04d.png"):
        source = "in/A_%04d.png"
    assert message in refused(source, "-o", out, "--overwrite")


@pytest.mark.parametrize(
    ("out", "flags", "message", "hint"),
    [
        ("o.mp4", "--ground transparent", "o.mp4 cannot hold a transparent ground", ".png, .webp"),
        ("o/%d.jpg", "--ground transparent", "cannot hold a transparent ground", "--ground white"),
        ("o.gif", "--ground transparent", "cannot hold soft lines", "--binary"),
        ("o.webm", "--colours separate", "cannot hold separate colours", "--colours keep"),
        ("o.mkv", "--fps 12", "cut.mkv has a rate of its own, 24", "leave out --fps"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_a_hint(refused, out, flags, message, hint):
    err = refused("cut.mkv", "-o", out, *flags.split())
    assert message in err
    assert hint in err.splitlines()[1]


def test_two_drawings_of_one_name_are_refused(refused, folder):
    write_still(folder / "in/A_0008.jpg", outlined(*SIZE, at=0.5))
    assert "A_0008.jpg and A_0008.png would both become o/A_0008.png" in refused("in", "-o", "o/")


@pytest.mark.parametrize("out", ["o/", "lines.mp4", "o/%d.png"])
def test_the_picture_that_breaks_a_sequence_is_named(refused, folder, out):
    whole = (folder / "in/A_0008.png").read_bytes()
    (folder / "in/A_0008.png").write_bytes(whole[: len(whole) // 2])
    assert "A_0008.png is truncated" in refused("in", "-o", out)


@pytest.mark.parametrize("out", ["o/", "lines.mp4"])
def test_the_frame_at_which_a_film_breaks_is_named(refused, folder, out):
    rng = np.random.default_rng(0)
    frames = list(rng.integers(0, 256, (6, 64, 64, 3)).astype(np.uint8))
    write_video(folder / "cut.mkv", frames, fps=Fraction(12), overwrite=True)
    whole = (folder / "cut.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    err = refused("cut.mkv", "-o", out)
    assert any(f"error: frame {number} of cut.mkv: " in err for number in range(2, 7))


def test_pictures_of_two_sizes_are_no_film_and_that_is_noticed_first(refused, folder):
    write_still(folder / "in/A_0009.png", outlined(50, 50, at=0.5), overwrite=True)
    (folder / "in/A_0007.png").write_bytes(
        (folder / "in/A_0007.png").read_bytes()[:-400]  # would fail when decoded
    )
    err = refused("in", "-o", "lines.mp4")
    assert "A_0009.png is 50×50, A_0007.png is 96×64: the frames of a film have one size" in err
    assert "out/" in err.splitlines()[1]


@pytest.mark.parametrize(
    ("out", "old"),
    [("o/", "A_0008.png"), ("o/", "toontween.json"), ("o/x.mp4", "x.mp4"), ("o/%d.png", "2.png")],
)
def test_what_exists_is_not_replaced_unasked(refused, folder, out, old):
    (folder / "o").mkdir()
    (folder / "o" / old).write_text("old")
    (folder / "in/A_0007.png").write_text("no picture: it is not even looked at")
    if out == "o/x.mp4":
        write_still(folder / "in/A_0007.png", outlined(*SIZE, at=0.4), overwrite=True)
    err = refused("in", "-o", out)
    assert f"{old} exists already" in err
    assert "hint: use --overwrite" in err


def test_a_separate_colour_that_exists_is_not_replaced_unasked(refused, folder):
    (folder / "o").mkdir()
    (folder / "o/A_0008.purple.png").write_text("old")
    assert "A_0008.purple.png exists already" in refused(
        *["in", "-o", "o/", "--colours", "separate"]
    )


def test_drawings_of_a_longer_sequence_are_not_left_among_new_ones(refused, toontween, folder):
    assert toontween("sketch", "extract", "in", "-o", "o/")[0] == 0
    (folder / "in/A_0009.png").unlink()
    err = refused("in", "-o", "o/", "--overwrite")
    assert "o holds A_0009.png of another sequence" in err


def test_missing_weights_are_not_the_users_mistake(toontween, folder):
    before = names_in(folder)
    code, out, err = toontween("sketch", "extract", "in", "-o", "o/", "--method", "anime2sketch")
    assert (code, out) == (1, "")
    assert "not on this machine" in err
    assert "hint: toontween weights pull anime2sketch" in err
    assert names_in(folder) == before


@pytest.mark.parametrize("kind", ["missing flag", "missing source"])
def test_a_missing_argument_is_said(toontween, kind):
    arguments = ["in"] if kind == "missing flag" else ["-o", "o/"]
    code, _, err = toontween("sketch", "extract", *arguments)
    assert code == 2
    assert ("--out" if kind == "missing flag" else "source") in err.lower()


def test_a_full_disk_leaves_nothing_behind(process, folder):
    """The largest file allowed is 1 KB: the system refuses the rest just as a full disk does."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (96, 128, 3)).astype(np.uint8)
    write_still(folder / "in/A_0008.png", noise, overwrite=True)
    (folder / "o").mkdir()
    (folder / "o/A_0007.png").write_text("old")
    before = names_in(folder)

    def allow_1_kb():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    arguments = ["sketch", "extract", "in", "-o", "o/", "--overwrite", "--method", "scan"]
    done = process(*arguments, preexec_fn=allow_1_kb)
    stdout, err = done.communicate(timeout=60)
    assert (done.returncode, stdout) == (2, ""), err
    assert "cannot write" in err
    assert names_in(folder) == before
    assert (folder / "o/A_0007.png").read_text() == "old"


STOPPED = """
import os, sys
from toontween.cli.app import main
from toontween.rendering import line_extraction

NUMBER = int(sys.argv.pop())
build = line_extraction.build_line_method
drawn = 0

class Stopping:
    name = "strokes"
    method = build("strokes")

    def details(self):
        return {}

    def extract(self, picture):
        global drawn
        drawn += 1
        if drawn == 3:
            os.kill(os.getpid(), NUMBER)
        return self.method.extract(picture)

line_extraction.build_line_method = lambda *_, **__: Stopping()
main()
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "kill"]
)
@pytest.mark.parametrize(("source", "out"), [("in", "o/"), ("cut.mkv", "o/lines.mp4")])
def test_a_run_that_is_stopped_leaves_nothing_behind(folder, number, code, source, out):
    before = names_in(folder)
    flags = ["sketch", "extract", source, "-o", out]
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, *flags, str(int(number))],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert names_in(folder) == before


def test_a_reader_that_goes_away_is_no_defect(process):
    running = process("sketch", "extract", "in", "-o", "o/")
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) in (0, 1)
    assert "Traceback" not in err
    assert "defect" not in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(refused, folder):
    (folder / "locked").mkdir(mode=0o500)
    assert "cannot be written" in refused("in", "-o", "locked/")


def test_json_is_printed_only_when_all_is_well(toontween):
    code, out, _ = toontween("sketch", "extract", "none.png", "-o", "o/", "--json")
    assert (code, out) == (2, "")
    code, out, _ = toontween("sketch", "extract", "A.png", "-o", "o/", "--json")
    assert (code, json.loads(out)["num_drawings"]) == (0, 1)
