"""Files appear together or not at all."""

import pytest

from toontween.errors import OutputError
from toontween.rendering.writing.staging import all_or_nothing


def contents(folder):
    return {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_appear_when_the_block_ends(tmp_path):
    with all_or_nothing(tmp_path, overwrite=False) as scratch:
        (scratch / "a").write_text("1")
        (scratch / "b").write_text("2")
        assert not (tmp_path / "a").exists()
    assert contents(tmp_path) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_trouble_leaves_everything_as_it_was(tmp_path, trouble):
    (tmp_path / "a").write_text("old")

    def write():
        with all_or_nothing(tmp_path, overwrite=True) as scratch:
            (scratch / "a").write_text("new")
            raise trouble

    with pytest.raises(trouble):
        write()
    assert contents(tmp_path) == {"a": "old"}
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_missing_folders_are_made_and_taken_back_after_trouble(tmp_path):
    def write():
        with all_or_nothing(tmp_path / "x" / "y", overwrite=False) as scratch:
            assert scratch.is_dir()
            raise OutputError("stop")

    with pytest.raises(OutputError, match="stop"):
        write()
    assert list(tmp_path.iterdir()) == []
    with all_or_nothing(tmp_path / "x" / "y", overwrite=False) as scratch:
        (scratch / "a").write_text("1")
    assert (tmp_path / "x" / "y" / "a").read_text() == "1"


def test_a_file_that_exists_is_not_replaced_unasked(tmp_path):
    (tmp_path / "b").write_text("old")

    def write():
        with all_or_nothing(tmp_path, overwrite=False) as scratch:
            (scratch / "a").write_text("new")
            (scratch / "b").write_text("new")

    with pytest.raises(OutputError, match="exists already"):
        write()
    assert contents(tmp_path) == {"b": "old"}


def test_files_are_replaced_when_asked(tmp_path):
    (tmp_path / "a").write_text("old")
    with all_or_nothing(tmp_path, overwrite=True) as scratch:
        (scratch / "a").write_text("new")
    assert contents(tmp_path) == {"a": "new"}


def test_a_move_that_fails_half_way_puts_everything_back(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "inside").write_text("kept")

    def write():
        with all_or_nothing(tmp_path, overwrite=False) as scratch:
            (scratch / "b").write_text("new")
            (scratch / "z").write_text("new")

    with pytest.raises(OutputError, match="z exists already"):
        write()
    assert contents(tmp_path) == {"a": "old", "inside": "kept"}


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "x").write_text("")

    def write():
        with all_or_nothing(tmp_path / "x" / "y", overwrite=False):
            pass

    with pytest.raises(OutputError, match="folder"):
        write()
