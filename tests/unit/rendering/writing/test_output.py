"""What `-o` means, and what is refused before any work is spent."""

import pytest

from toontween.errors import OutputError
from toontween.rendering.writing.output import OutputKind, check_output, understand_output


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("out", "kind", "sidecar"),
    [
        ("cut.mp4", OutputKind.VIDEO, "cut.mp4.json"),
        ("cut.MOV", OutputKind.VIDEO, "cut.MOV.json"),
        ("cut.gif", OutputKind.VIDEO, "cut.gif.json"),
        ("cut.apng", OutputKind.VIDEO, "cut.apng.json"),
        ("half.png", OutputKind.STILL, "half.png.json"),
        ("half.tiff", OutputKind.STILL, "half.tiff.json"),
        ("out/%04d.png", OutputKind.FRAMES, "out/toontween.json"),
        ("out/A_%04d.png", OutputKind.FRAMES, "out/A.toontween.json"),
        ("out/100%%_%d.tif", OutputKind.FRAMES, "out/100%.toontween.json"),
        ("out/", OutputKind.DRAWINGS, "out/toontween.json"),
        (".", OutputKind.DRAWINGS, "toontween.json"),
    ],
)
def test_a_name_says_what_is_written(out, kind, sidecar):
    output = understand_output(out)
    assert output.kind is kind
    assert str(output.sidecar) == sidecar


def test_a_folder_that_exists_needs_no_slash(tmp_path):
    output = understand_output(tmp_path)
    assert output.kind is OutputKind.DRAWINGS
    assert output.files(2) == [tmp_path / "0001.png", tmp_path / "0002.png"]


@pytest.mark.parametrize("out", ["out", "cut.xyz", "out/%04d.mp4", "cut.mp4.json", "cut.exe"])
def test_a_name_that_says_nothing_writable_is_refused_with_a_hint(out):
    with pytest.raises(OutputError) as error:
        understand_output(out)
    assert error.value.hint


def check(out, *, num_pictures=3, inputs=(), overwrite=False):
    check_output(
        understand_output(out), num_pictures=num_pictures, inputs=inputs, overwrite=overwrite
    )


@pytest.mark.parametrize(
    ("out", "existing"),
    [
        ("a.mp4", "a.mp4"),
        ("a.mp4", "a.mp4.json"),
        ("%04d.png", "0003.png"),
        ("%04d.png", "toontween.json"),
    ],
)
def test_a_file_that_exists_is_refused_unless_it_may_be_replaced(tmp_path, out, existing):
    (tmp_path / existing).write_text("old")
    with pytest.raises(OutputError, match="exists already"):
        check(tmp_path / out)
    check(tmp_path / out, overwrite=True)


def test_an_input_is_never_written_over(tmp_path):
    key = tmp_path / "0001.png"
    key.write_text("key")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(OutputError, match="one of the inputs"):
        check(tmp_path / "link" / "%04d.png", inputs=[key], overwrite=True)


def test_frames_of_another_longer_sequence_are_not_mixed_with_new_ones(tmp_path):
    for number in range(1, 6):
        (tmp_path / f"{number:04}.png").write_text("old")
    with pytest.raises(OutputError, match=r"0004.png … 0005.png"):
        check(tmp_path / "%04d.png", overwrite=True)
    check(tmp_path / "%04d.png", num_pictures=5, overwrite=True)
    check(tmp_path / "B_%04d.png")


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "a.mp4.json").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check(tmp_path / "a.mp4", overwrite=True)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(OutputError, match="not a folder"):
        check(tmp_path / "x" / "a.mp4")


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(OutputError, match="too long"):
        check(tmp_path / ("x" * 300 + ".mp4"))


def test_a_missing_folder_is_no_trouble(tmp_path):
    check(tmp_path / "new" / "newer" / "a.mp4")
    assert not (tmp_path / "new").exists()
