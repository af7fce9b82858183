"""Numbered drawings: patterns, order, and all-or-nothing writing."""

import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toontween.errors import InputError, MediaError, OutputError
from toontween.media.images import read_still, write_still
from toontween.media.sequences import (
    check_sequence_output,
    frame_path,
    is_pattern,
    read_sequence,
    write_sequence,
)


def frames(count, start=0):
    return [np.full((2, 3, 3), start + index, np.uint8) for index in range(count)]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("%04d.png", True),
        ("cut_%d.png", True),
        ("100%%_%03d.png", True),
        ("a.png", False),
        ("100%.png", False),
        ("%s.png", False),
        ("%%04d.png", False),
    ],
)
def test_a_pattern_is_told_by_its_number(name, expected):
    assert is_pattern(Path("shot") / name) is expected


@pytest.mark.parametrize(
    ("pattern", "number", "expected"),
    [
        ("shot/%04d.png", 7, "shot/0007.png"),
        ("shot/%d.png", 7, "shot/7.png"),
        ("shot/%02d.png", 1234, "shot/1234.png"),
        ("100%%_%03d.png", 5, "100%_005.png"),
    ],
)
def test_the_number_takes_its_place(pattern, number, expected):
    assert frame_path(Path(pattern), number) == Path(expected)


@pytest.mark.parametrize(
    "name", ["a.png", "%d_%d.png", "%s.png", "%4d.png", "%x%d.png", "%d%.png", "%-4d.png"]
)
def test_a_bad_pattern_is_named(name):
    with pytest.raises(InputError, match="not a pattern") as caught:
        frame_path(Path(name), 1)
    assert "%04d" in (caught.value.hint or "")


def test_negative_numbers_are_refused():
    with pytest.raises(InputError, match="-1"):
        frame_path(Path("%04d.png"), -1)


@given(st.sets(st.integers(0, 200), min_size=1, max_size=20), st.sampled_from(["%d", "%03d"]))
def test_a_sequence_is_read_in_order_or_its_gaps_are_named(tmp_path_factory, numbers, place):
    pattern = tmp_path_factory.mktemp("shot") / f"a{place}.png"
    for number in numbers:
        frame_path(pattern, number).touch()
    missing = set(range(min(numbers), max(numbers))) - numbers
    if missing:
        with pytest.raises(MediaError, match=f"lacks {min(missing)}"):
            read_sequence(pattern)
    else:
        expected = [frame_path(pattern, number) for number in sorted(numbers)]
        assert read_sequence(pattern) == expected


def test_only_names_that_the_pattern_gives_belong_to_it(tmp_path):
    for name in ("0001.png", "001.png", "0002.png", "x0003.png", "0003.jpg", "10000.png"):
        (tmp_path / name).touch()
    (tmp_path / "10000.png").unlink()
    assert [p.name for p in read_sequence(tmp_path / "%04d.png")] == ["0001.png", "0002.png"]


def test_a_folder_is_read_by_number_and_not_by_letter(tmp_path):
    for name in ("a10.png", "a2.png", "A1.PNG", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in read_sequence(tmp_path)] == ["A1.PNG", "a2.png", "a10.png"]


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(MediaError, match="no pictures in"):
        read_sequence(tmp_path)
    with pytest.raises(MediaError, match="no file matches") as caught:
        read_sequence(tmp_path / "%04d.png")
    assert "0001.png" in (caught.value.hint or "")


def test_a_sequence_is_written_and_its_folder_made(tmp_path):
    pattern = tmp_path / "out" / "%04d.png"
    written = write_sequence(pattern, iter(frames(3)), start=5, text={"Comment": "x"})
    assert [path.name for path in written] == ["0005.png", "0006.png", "0007.png"]
    assert names_in(tmp_path / "out") == ["0005.png", "0006.png", "0007.png"]
    for index, path in enumerate(read_sequence(pattern)):
        assert (read_still(path).pixels == index).all()


def test_a_failure_in_the_middle_leaves_nothing(tmp_path):
    def broken():
        yield from frames(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sequence(tmp_path / "out" / "%04d.png", broken())
    assert names_in(tmp_path) == []


def test_a_failure_in_the_middle_leaves_the_old_sequence(tmp_path):
    pattern = tmp_path / "%04d.png"
    write_sequence(pattern, frames(3, start=100))
    with pytest.raises(Exception, match="uint8"):
        write_sequence(pattern, [*frames(2), np.zeros((2, 2, 3))], overwrite=True)
    assert [read_still(path).pixels[0, 0, 0] for path in read_sequence(pattern)] == [100, 101, 102]
    assert len(names_in(tmp_path)) == 3


def test_a_failure_while_renaming_puts_the_old_sequence_back(tmp_path, monkeypatch):
    pattern = tmp_path / "%04d.png"
    write_sequence(pattern, frames(2, start=100))
    rename = Path.rename

    def fail_late(path, target):
        if Path(target).name == "0002.png" and Path(target).parent == tmp_path:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_late)
    with pytest.raises(OutputError, match="disk is full"):
        write_sequence(pattern, frames(3), overwrite=True)
    assert names_in(tmp_path) == ["0001.png", "0002.png"]
    assert [read_still(path).pixels[0, 0, 0] for path in read_sequence(pattern)] == [100, 101]


def test_a_full_disk_leaves_nothing(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        with pytest.raises(OutputError, match="larger than this disk allows"):
            write_sequence(tmp_path / "out" / "%04d.png", [*frames(2), noise])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(tmp_path) == []


def test_existing_frames_are_refused_unless_asked(tmp_path):
    pattern = tmp_path / "%04d.png"
    write_sequence(pattern, frames(2))
    with pytest.raises(OutputError, match=r"0001\.png exists already"):
        write_sequence(pattern, frames(2))
    write_sequence(pattern, frames(2, start=50), overwrite=True)
    assert read_still(tmp_path / "0001.png").pixels[0, 0, 0] == 50


def test_a_longer_old_sequence_is_not_mixed_with_a_new_one(tmp_path):
    pattern = tmp_path / "%04d.png"
    write_sequence(pattern, frames(5))
    with pytest.raises(OutputError, match=r"2 file.*0004\.png"):
        write_sequence(pattern, frames(3, start=50), overwrite=True)
    assert len(read_sequence(pattern)) == 5
    assert read_still(tmp_path / "0001.png").pixels[0, 0, 0] == 0


def test_no_frames_make_no_sequence(tmp_path):
    with pytest.raises(InputError, match="no frames"):
        write_sequence(tmp_path / "out" / "%04d.png", [])
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a/b/%04d.png", "does not exist"),
        ("file/%04d.png", "not a folder"),
        ("%04d.mp4", "not a picture format"),
    ],
)
def test_a_place_that_cannot_be_written_is_seen_before_the_work(tmp_path, pattern, words):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=words):
        check_sequence_output(tmp_path / pattern, overwrite=False)


def test_frames_of_other_files_stay(tmp_path):
    write_still(tmp_path / "background.png", frames(1)[0])
    write_sequence(tmp_path / "%04d.png", frames(2))
    assert names_in(tmp_path) == ["0001.png", "0002.png", "background.png"]
