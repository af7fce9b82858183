"""`toontween render --sketch`: roughs steer in-betweens, and what is wrong with them is said before any work."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.drawings import names_in
from tests.tiny_pipeline import build_tiny_pipeline, line_sketch, painted_picture
from toontween.drawing.lines import Ground, Lines
from toontween.media.files import sha256_of
from toontween.media.images import read_still, write_still

WINDOW = 6
KEYS = ["render", "A.png", "B.png", "--count", str(WINDOW - 2)]
QUICK = ["--set", "num_inference_steps=1", "--set", "guidance_scale=1", "--device", "cpu"]


@pytest.fixture(scope="module")
def model(tmp_path_factory, tiny_pipeline) -> Path:
    """The tiny pipeline, sketch encoder and all, as a folder of weights."""
    folder = tmp_path_factory.mktemp("weights") / "tiny-toon"
    tiny_pipeline.save_pretrained(folder)
    set_window(folder)
    return folder


def set_window(folder: Path) -> None:
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_frames": WINDOW}))


@pytest.fixture
def rough(folder) -> Path:
    write_still(folder / "rough.png", line_sketch(3))
    return folder / "rough.png"


@pytest.fixture
def draw(toontween, folder, model):
    """Render into a folder; gives stderr, the drawings and the sidecar."""

    def call(out: str, *arguments: str) -> tuple[str, list[np.ndarray], dict]:
        flags = ["-o", f"{out}/", "--model", str(model), *QUICK, *arguments]
        code, _, err = toontween(*KEYS, *flags)
        assert code == 0, err
        drawings = [
            read_still(folder / out / f"{number:04}.png").pixels for number in range(1, WINDOW + 1)
        ]
        return err, drawings, json.loads((folder / out / "toontween.json").read_text())

    return call


def test_a_sketch_steers_the_drawing_and_is_in_the_sidecar(draw, rough):
    _, plain, _ = draw("plain")
    err, drawings, sidecar = draw("guided", "--sketch", "3=rough.png")
    assert "warning" not in err
    assert np.array_equal(drawings[0], plain[0])
    assert np.array_equal(drawings[-1], plain[-1])
    assert not np.array_equal(drawings[2], plain[2])
    [sketch] = sidecar["inputs"]["sketches"]
    assert (sketch["drawing"], sketch["name"]) == (3, "rough.png")
    assert sketch["sha256"] == sha256_of(rough)
    assert sketch["ground"] == "white"
    [gap] = sidecar["method"]["gaps"]
    assert sidecar["method"]["name"] == "toon"
    assert gap["sketched_frames"] == [2]
    assert gap["settings"]["sketch_context"] == "full"


def test_the_drawings_are_the_same_whatever_the_lines_stand_on(draw, folder):
    lines = Lines((255 - line_sketch(3)[:, :, 0]) / np.float32(255))
    clips: list[list[np.ndarray]] = []
    for ground in Ground:
        write_still(folder / f"{ground}.png", lines.draw(ground))
        clips.append(draw(f"on-{ground}", "--sketch", f"3={ground}.png")[1])
    for clip in clips[1:]:
        assert np.array_equal(clip, clips[0])


def test_several_drawings_and_keys_can_have_sketches(draw, rough):
    flags = [f"--sketch={number}=rough.png" for number in (1, 2, 5, 6)]
    _, drawings, sidecar = draw("guided", *flags)
    assert sidecar["method"]["gaps"][0]["sketched_frames"] == [0, 1, 4, 5]
    assert np.array_equal(drawings[0], read_still(Path("A.png")).pixels)


def test_settings_of_the_guidance_are_settings_of_the_method(draw, rough):
    _, one, _ = draw("one", "--sketch", "3=rough.png")
    flags = ["--set", "sketch_context=text", "--set", "sketch_scale=0.6"]
    flags += ["--set", "sketch_unconditional=false", "--set", "sketch_strokes=keep"]
    _, other, sidecar = draw("other", "--sketch", "3=rough.png", *flags)
    settings = sidecar["method"]["gaps"][0]["settings"]
    assert settings["sketch_context"] == "text"
    assert settings["sketch_scale"] == 0.6
    assert settings["sketch_unconditional"] is False
    assert not np.array_equal(one[2], other[2])


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("sketch_context=every", "sketch_context='every'"),
        ("sketch_guidance_start=1", "is not before sketch_guidance_end"),
        ("sketch_guidance_end=0.5", "hold none of the 1 steps"),
        ("sketch_scale=3", "sketch_scale 3.0 is not within 0…2"),
    ],
)
def test_a_setting_that_cannot_be_is_named(toontween, folder, model, rough, flag, says):
    flags = ["-o", "out/", "--model", str(model), *QUICK, "--sketch", "3=rough.png", "--set", flag]
    code, _, err = toontween(*KEYS, *flags)
    assert code == 2
    assert says in err
    assert not (folder / "out").exists()


def test_a_sketch_of_another_shape_is_letterboxed_cropped_or_refused(
    draw, toontween, folder, model
):
    write_still(folder / "wide.png", line_sketch(3, width=64))
    for fit, done in (("pad", "letterboxed"), ("crop", "cropped")):
        err, _, sidecar = draw(fit, "--sketch", "3=wide.png", "--fit", fit)
        assert f"warning: wide.png is 64×32, the first key 48×32: {done}, not stretched" in err
        assert sidecar["inputs"]["sketches"][0]["adapted"] == done
    flags = ["-o", "out/", "--model", str(model), "--sketch", "3=wide.png", "--fit", "error"]
    code, _, err = toontween(*KEYS, *flags)
    assert code == 2
    assert "wide.png is 64×32, the first key 48×32: the shapes differ" in err


def test_a_blank_sketch_and_a_painting_are_warned_of(draw, folder):
    write_still(folder / "blank.png", np.full((32, 48, 3), 255, np.uint8))
    write_still(folder / "shot.png", painted_picture())
    err, _, sidecar = draw("out", "--sketch", "2=blank.png", "--sketch", "4=shot.png")
    assert "warning: blank.png is blank" in err
    assert "warning: shot.png looks like a photo" in err
    assert len(sidecar["warnings"]) == 2


def test_blank_sketches_alone_change_nothing_but_the_warnings(draw, folder):
    write_still(folder / "blank.png", np.full((32, 48, 3), 255, np.uint8))
    _, plain, _ = draw("plain")
    err, drawings, _ = draw("out", "--sketch", "2=blank.png")
    assert "no sketch has a line" in err
    assert np.array_equal(drawings, plain)


@pytest.mark.parametrize("number", [0, 7, 99])
def test_a_number_that_is_no_drawings_is_refused_before_anything_is_looked_for(
    toontween, folder, rough, number
):
    code, _, err = toontween(*KEYS, "-o", "out/", "--sketch", f"{number}=rough.png")
    assert code == 2
    assert f"a sketch for drawing {number}; the drawings are 1…6" in err
    assert "weights" not in err


def test_a_sketch_alone_asks_for_the_method_that_follows_it_and_all_its_weights(
    toontween, folder, rough
):
    before = names_in(folder)
    code, out, err = toontween(*KEYS, "-o", "out/", "--sketch", "3=rough.png")
    assert (code, out) == (1, "")
    assert "error: sketches cannot be followed yet" in err
    for name in ("tooncrafter-512", "tooncrafter-sketch"):
        assert f"the weights '{name}' are not on this machine" in err
        assert f"toontween weights pull {name}" in err
    assert "toontween weights convert FILE --out FOLDER" in err
    assert names_in(folder) == before


def test_a_model_without_a_sketch_encoder_asks_for_that_alone(toontween, folder, rough):
    build_tiny_pipeline(sketches=False).save_pretrained(folder / "plain")
    set_window(folder / "plain")
    code, _, err = toontween(*KEYS, "-o", "out/", "--sketch", "3=rough.png", "--model", "plain")
    assert code == 1
    assert "toontween weights pull tooncrafter-sketch" in err
    assert "tooncrafter-512" not in err


def test_a_converted_sketch_encoder_is_named_by_its_folder(toontween, folder, tiny_pipeline, rough):
    build_tiny_pipeline(sketches=False).save_pretrained(folder / "plain")
    set_window(folder / "plain")
    tiny_pipeline.sketch_encoder.save_pretrained(folder / "roughs")
    flags = ["--model", "plain", "--set", "sketch_encoder=roughs", "--sketch", "3=rough.png"]
    code, _, err = toontween(*KEYS, "-o", "out/", *flags, *QUICK)
    assert code == 0, err
    [gap] = json.loads((folder / "out/toontween.json").read_text())["method"]["gaps"]
    assert gap["sketch_encoder"] == "roughs"
