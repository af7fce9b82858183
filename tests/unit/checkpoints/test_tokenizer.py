import gzip
from pathlib import Path

import pytest

from toontween.checkpoints.tokenizer import END, START, build_tokenizer
from toontween.errors import CheckpointError, MediaError

NUM_MERGES = 48_894


def merges() -> list[str]:
    """A made-up table of the right length: "a b" at the end of a word first, then pairs of other letters."""
    letters = [*map(chr, range(0xAE, 0x144)), *map(chr, range(ord("!"), ord("~") + 1))]
    pairs = [f"{first} {second}" for first in letters for second in letters]
    return ["a b</w>", *pairs[: NUM_MERGES - 1]]


def write(path: Path, lines: list[str], *, compress: bool) -> Path:
    content = "\n".join(["#version: 0.2", *lines]).encode()
    path.write_bytes(gzip.compress(content) if compress else content)
    return path


@pytest.mark.parametrize("form", ["gzipped", "plain"])
def test_a_table_becomes_a_tokenizer(tmp_path: Path, form: str):
    table = write(tmp_path / "merges", merges(), compress=form == "gzipped")
    tokenizer = build_tokenizer(table)
    assert len(tokenizer) == 49_408
    assert tokenizer("ab b").input_ids == [49_406, 512, 256 + 65, 49_407]
    assert tokenizer.convert_tokens_to_ids([START, END]) == [49_406, 49_407]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["a b"], "48894 merges"),
        (["a b c", *merges()[1:]], "48894 merges"),
        (["a b"] * NUM_MERGES, "repeats"),
        (["ab c", *merges()[1:]], "anticipates"),
    ],
    ids=["short", "not pairs", "repeated", "before its parts"],
)
def test_another_table_is_refused(tmp_path: Path, lines: list[str], says: str):
    with pytest.raises(CheckpointError, match=says):
        build_tokenizer(write(tmp_path / "merges", lines, compress=False))


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path):
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(b"\x1f\x8b nothing")
    for path in (tmp_path / "missing", damaged):
        with pytest.raises(MediaError, match=path.name):
            build_tokenizer(path)
