"""`toontween render`: what cannot be done is said in a line, with an exit code, and leaves nothing behind."""

import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.cli.drawings import drawing, names_in
from toontween.media.images import write_still
from toontween.rendering import job

ERRORS = {
    "count zero": ("--count 0", "count 0 is not within"),
    "count negative": ("--count -3", "count -3 is not within"),
    "count absurd": ("--count 99999999", "count 99999999 is not within"),
    "count no number": ("--count many", "'--count'"),
    "on zero": ("--on 0", "exposure on 0"),
    "on negative": ("--on -2", "exposure on -2"),
    "fps word": ("--fps fast", "fps 'fast' is not a frame rate"),
    "fps zero": ("--fps 0", "fps 0 is not within"),
    "fps negative": ("--fps -24", "fps '-24' is not a frame rate"),
    "fps absurd": ("--fps 100000", "fps 100000 is not within"),
    "seed negative": ("--seed -1", "seed -1 is not within"),
    "fit unknown": ("--fit stretch", "stretch"),
    "method unknown": ("--method flwo", "did you mean 'flow'?"),
    "model unknown": ("--model tooncrafter-5l2", "did you mean 'tooncrafter-512'?"),
    "model and method": ("--model tooncrafter-512 --method flow", "a model is for method 'toon'"),
    "setting unknown": ("--set sharpnes=3", "no option 'sharpnes'"),
    "setting malformed": ("--set sharpness", "is not NAME=VALUE"),
    "setting twice": ("--set sharpness=3 --set sharpness=4", "given twice"),
    "setting out of range": ("--set sharpness=-4", "sharpness -4"),
    "device unknown": ("--device gpu", "gpu"),
    "device unfit": ("--device cuda --method hold", "runs on the CPU"),
    "line art locked": ("--line-art --lock-palette", "without a lock"),
    "sketch unfit": ("--sketch 3=A.png --method flow", "cannot follow sketches"),
    "sketch malformed": ("--sketch A.png", "is not NUMBER=FILE"),
    "sketch no number": ("--sketch first=A.png", "is not NUMBER=FILE"),
    "sketch missing": ("--sketch 3=nothing.png", "nothing.png"),
    "sketch twice": ("--sketch 3=A.png --sketch 03=B.png", "two sketches"),
}


@pytest.mark.parametrize(("flags", "message"), ERRORS.values(), ids=ERRORS)
def test_a_wrong_flag_is_named_and_nothing_is_written(toontween, folder, flags, message):
    code, out, err = toontween("render", "A.png", "B.png", "-o", "out.mp4", *flags.split())
    assert message in err
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert names_in(folder) == {"A.png", "B.png"}


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("out", "does not say what to write"),
        ("out.xyz", "cannot write .xyz files"),
        ("out/%04d.mp4", "cannot number files"),
        ("out/%04d_%04d.png", "not a pattern"),
        ("half.png", "holds one drawing; 14 in-betweens"),
        ("A.png/out.mp4", "is a file, not a folder"),
        ("x" * 300 + ".mp4", "too long"),
        ("B.png", "holds one drawing"),
    ],
)
def test_an_output_that_cannot_be_is_refused(toontween, folder, out, message):
    code, stdout, err = toontween("render", "A.png", "B.png", "-o", out)
    assert message in err
    assert (code, stdout) == (2, "")
    assert names_in(folder) == {"A.png", "B.png"}


def test_an_existing_film_is_not_replaced_unasked(toontween, folder):
    (folder / "out.mp4").write_text("old")
    code, _, err = toontween(*["render", "A.png", "B.png", "-o", "out.mp4"])
    assert code == 2
    assert "out.mp4 exists already" in err
    assert "hint: use --overwrite" in err
    assert (folder / "out.mp4").read_text() == "old"


def test_an_existing_output_is_noticed_before_any_work(toontween, folder):
    (folder / "out.mp4").write_text("old")
    (folder / "A.png").write_text("no picture at all")
    _, _, err = toontween(*["render", "A.png", "B.png", "-o", "out.mp4", "--method", "unknown"])
    assert "out.mp4 exists already" in err


def test_a_key_is_never_written_over_even_when_asked_to(toontween, folder):
    before = (folder / "A.png").read_bytes()
    code, _, err = toontween(
        *["render", "A.png", "B.png", "-o", "A.png", "--count", "1", "--overwrite"]
    )
    assert code == 2
    assert "A.png is one of the inputs" in err
    assert (folder / "A.png").read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(toontween, folder):
    (folder / "locked").mkdir(mode=0o500)
    code, _, err = toontween(*["render", "A.png", "B.png", "-o", "locked/out.mp4"])
    assert code == 2
    assert "cannot be written" in err


@pytest.mark.parametrize("keys", [(), ("A.png",)])
def test_fewer_than_two_keys_are_refused(toontween, folder, keys):
    code, _, err = toontween("render", *keys, "-o", "out.mp4")
    assert code == 2
    assert "at least two" in err or "keys" in err.lower()
    assert names_in(folder) == {"A.png", "B.png"}


def test_a_missing_output_flag_is_said(toontween):
    code, _, err = toontween("render", "A.png", "B.png")
    assert code == 2
    assert "--out" in err


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no file"), (b"", "empty"), (b"\x89PNG\r\n\x1a\nbroken", "C.png")],
    ids=["missing", "empty", "damaged"],
)
def test_a_key_that_cannot_be_read_is_named(toontween, folder, content, message):
    if content is not None:
        (folder / "C.png").write_bytes(content)
    before = names_in(folder)
    code, _, err = toontween(*["render", "A.png", "B.png", "C.png", "-o", "out.mp4"])
    assert code == 2
    assert "C.png" in err
    assert message in err
    assert names_in(folder) == before


def test_an_animated_key_is_refused(toontween, folder):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "C.gif", save_all=True, append_images=frames[1:])
    code, _, err = toontween(*["render", "A.png", "C.gif", "-o", "out.mp4"])
    assert code == 2
    assert "2 frames" in err


def test_a_key_of_another_shape_can_be_refused(toontween, folder):
    write_still(folder / "B.png", drawing(32, 32, at=0.5), overwrite=True)
    code, _, err = toontween(*["render", "A.png", "B.png", "-o", "out.mp4", "--fit", "error"])
    assert code == 2
    assert "B.png is 32×32, the first key 48×32" in err
    assert names_in(folder) == {"A.png", "B.png"}


def test_frames_of_a_longer_sequence_are_not_left_among_new_ones(toontween, folder):
    assert toontween(*["render", "A.png", "B.png", "-o", "out/", "--count", "5"])[0] == 0
    before = names_in(folder)
    code, _, err = toontween(
        *["render", "A.png", "B.png", "-o", "out/", "--count", "2", "--overwrite"]
    )
    assert code == 2
    assert "of another sequence" in err
    assert names_in(folder) == before


def test_missing_weights_are_not_the_users_mistake(toontween, folder):
    code, out, err = toontween(
        *["render", "A.png", "B.png", "-o", "out.mp4", "--model", "tooncrafter-512"]
    )
    assert (code, out) == (1, "")
    assert "not on this machine" in err
    assert "hint: toontween weights pull tooncrafter-512" in err
    assert names_in(folder) == {"A.png", "B.png"}


def test_a_wrong_type_of_setting_is_an_error_of_the_user(process):
    done = process(*["render", "A.png", "B.png", "-o", "out.mp4", "--set", "sharpness=high"])
    _, err = done.communicate(timeout=60)
    assert done.returncode == 2
    assert "sharpness 'high' is not a number" in err


def test_a_full_disk_leaves_nothing_behind(process, folder):
    """The largest file allowed is 4 KB: the system refuses the rest just as a full disk does."""
    rng = np.random.default_rng(0)
    for name in ("A", "B"):
        noise = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        write_still(folder / f"{name}.png", noise, overwrite=True)
    (folder / "out.mkv").write_text("old")

    def allow_4_kb():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    for out in ("out.mkv", "new.mp4", "drawings/"):
        arguments = ["render", "A.png", "B.png", "-o", out, "--overwrite", "--method", "hold"]
        done = process(*arguments, preexec_fn=allow_4_kb)
        stdout, err = done.communicate(timeout=60)
        assert (done.returncode, stdout) == (2, ""), err
        assert "cannot write" in err
        assert names_in(folder) == {"A.png", "B.png", "out.mkv"}
    assert (folder / "out.mkv").read_text() == "old"


STOPPED_WHILE_WRITING = """
import os, sys
from toontween.cli.app import main
from toontween.rendering import take

NUMBER = int(sys.argv.pop())
write_video = take.write_video

def stopped(frames):
    for number, frame in enumerate(frames):
        if number == 3:
            os.kill(os.getpid(), NUMBER)
        yield frame

take.write_video = lambda path, frames, **rest: write_video(path, stopped(frames), **rest)
main()
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "kill"]
)
def test_a_run_that_is_stopped_while_writing_leaves_nothing_behind(folder, number, code):
    (folder / "out.mkv").write_text("old")
    flags = ["render", "A.png", "B.png", "-o", "out.mkv", "--method", "hold", "--overwrite"]
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_WRITING, *flags, str(int(number))],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert names_in(folder) == {"A.png", "B.png", "out.mkv"}
    assert (folder / "out.mkv").read_text() == "old"


def test_a_reader_that_goes_away_is_no_defect(process):
    running = process(*["render", "A.png", "B.png", "-o", "out/", "--count", "3"])
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) in (0, 1)
    assert "Traceback" not in err
    assert "defect" not in err


def test_a_defect_is_one_line_and_a_hint_and_with_debug_a_traceback(toontween, monkeypatch, caplog):
    def fail(*_: object, **__: object):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(job, "render_keys", fail)
    code, out, err = toontween(*["render", "A.png", "B.png", "-o", "out.mp4"])
    assert (code, out) == (1, "")
    assert "ZeroDivisionError: planted" in err
    assert "--debug" in err
    assert "Traceback" not in err
    assert not caplog.records
    code, _, _ = toontween(*["render", "A.png", "B.png", "-o", "out.mp4", "--debug"])
    assert code == 1
    assert caplog.records[0].exc_info
