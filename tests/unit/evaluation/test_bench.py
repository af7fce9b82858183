"""What is compared on what by what, written down in a file."""

from pathlib import Path

import pytest

from tests.unit.evaluation.small_clips import in_shards, inked, small_clips
from toontween.errors import InputError, MediaError, UnknownNameError
from toontween.evaluation.bench import read_bench
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.methods import GIVEN, MethodSpec

WHOLE = """
clips = "clips"
frames = 4
size = [24, 16]
measures = ["psnr", "motion"]
seed = 7
device = "cpu"

[weights]
squeezenet = "nets/squeezenet.npz"

[[methods]]
method = "flow"
label = "sharp flow"
options = { sharpness = 40 }

[[methods]]
method = "flow"

[[methods]]
method = "toon"
sketched = [1, 2]

[[methods]]
method = "given"
label = "by hand"
options = { path = "drawn" }
"""


@pytest.fixture
def write(tmp_path):
    """Write a bench beside two clips; gives its path."""
    in_shards(tmp_path / "clips", [inked(clip) for clip in small_clips(2)])

    def written(text: str) -> Path:
        path = tmp_path / "bench.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_everything_that_a_file_says_is_read(write, tmp_path):
    bench = read_bench(write(WHOLE))
    assert bench.suite.keys == ["a", "b"]
    assert bench.suite[0].frames.shape == (4, 16, 24, 3)
    assert list(bench.measures) == ["psnr", "motion"]
    assert bench.weights == {"squeezenet": tmp_path / "nets/squeezenet.npz"}
    common = {"device": "cpu", "seed": 7}
    assert bench.methods == [
        MethodSpec(method="flow", label="sharp flow", options=(("sharpness", 40),), **common),
        MethodSpec(method="flow", **common),
        MethodSpec(method="toon", sketched=(1, 2), **common),
        MethodSpec(
            method=GIVEN, label="by hand", options=(("path", str(tmp_path / "drawn")),), **common
        ),
    ]


def test_a_file_may_say_the_least(write):
    bench = read_bench(
        write('clips = "clips"\nmeasures = ["psnr"]\n[[methods]]\nmethod = "hold"\n')
    )
    assert bench.methods == [MethodSpec(method="hold")]
    assert bench.suite[0].frames.shape == (5, 32, 48, 3)
    assert not bench.weights


def test_one_method_stands_in_a_table_under_two_labels(write, tmp_path):
    text = """
clips = "clips"
measures = ["psnr"]
[[methods]]
method = "flow"
label = "soft"
options = { sharpness = 1.5 }
[[methods]]
method = "flow"
label = "sharp"
options = { sharpness = 40 }
"""
    table = evaluate(read_bench(write(text)), tmp_path / "report").evaluation
    soft, sharp = table.row("soft"), table.row("sharp")
    assert (soft.options, sharp.options) == ({"sharpness": 1.5}, {"sharpness": 40})
    assert soft.cells != sharp.cells


LEAST = 'clips = "clips"\nmeasures = ["psnr"]\n'
HOLD = '[[methods]]\nmethod = "hold"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LEAST + "speed = 3\n" + HOLD, r"bench\.toml has an entry 'speed' .*known: clips, frames"),
        (
            LEAST + HOLD + "strength = 3\n",
            r"a method of bench\.toml has an entry 'strength' .*sketched",
        ),
        ('measures = ["psnr"]\n' + HOLD, r"bench\.toml does not say 'clips'"),
        ('clips = "clips"\n' + HOLD, "does not say 'measures'"),
        (LEAST, "does not say 'methods'"),
        (LEAST + '[[methods]]\nlabel = "x"\n', r"a method of bench\.toml does not say 'method'"),
        (LEAST + 'seed = "7"\n' + HOLD, r"seed of bench\.toml: '7' is not a whole number"),
        (LEAST + "seed = true\n" + HOLD, "True is not a whole number"),
        (LEAST + "frames = 4.5\n" + HOLD, "4.5 is not a whole number"),
        (LEAST + "frames = 2\n" + HOLD, "clips of 2 frames"),
        (LEAST + "size = 24\n" + HOLD, "24 is not a list"),
        (LEAST + "size = [24]\n" + HOLD, r"\[24\], not width and height"),
        (LEAST + "size = []\n" + HOLD, r"\[\], not width and height"),
        (LEAST + 'size = ["24", "16"]\n' + HOLD, "'24' is not a whole number"),
        (LEAST + "size = [0, 16]\n" + HOLD, "0×16 pixels"),
        ('clips = "clips"\nmeasures = "psnr"\n' + HOLD, "'psnr' is not a list"),
        ('clips = "clips"\nmeasures = [3]\n' + HOLD, "3 is not a text"),
        (LEAST + 'methods = "hold"\n', "'hold' is not a list"),
        (LEAST + '[methods]\nmethod = "hold"\n', "is not a list"),
        (LEAST + HOLD + "label = 3\n", "3 is not a text"),
        (LEAST + HOLD + "options = 3\n", "3 is not a table"),
        (LEAST + HOLD + "options = { a = [1] }\n", "neither text nor a number"),
        (LEAST + HOLD + "sketched = 3\n", "3 is not a list"),
        (LEAST + HOLD + 'sketched = ["3"]\n', "'3' is not a whole number"),
        (LEAST + HOLD + 'label = "a/b"\n', "cannot be the label"),
        (LEAST + "[weights]\nsqueezenet = 3\n" + HOLD, "3 is not a text"),
        ('clips = "clips\n', r"bench\.toml is not TOML"),
    ],
)
def test_what_cannot_be_used_is_named(write, text, told):
    with pytest.raises(InputError, match=told):
        read_bench(write(text))


def test_unknown_methods_are_named_with_the_nearest(write):
    with pytest.raises(UnknownNameError, match=r"'holt' .*'hold'"):
        read_bench(write(LEAST + '[[methods]]\nmethod = "holt"\n'))


def test_files_and_clips_that_are_not_there_are_named(write, tmp_path):
    with pytest.raises(MediaError, match=r"cannot read .*nowhere\.toml"):
        read_bench(tmp_path / "nowhere.toml")
    with pytest.raises(MediaError, match="elsewhere does not exist"):
        read_bench(write(LEAST.replace('"clips"', '"elsewhere"') + HOLD))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "bench.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not TOML"):
        read_bench(tmp_path / "bench.toml")
