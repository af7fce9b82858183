"""CLIP's table of byte-pair merges → a tokenizer of transformers, with its files.

The published table is a text file (usually gzipped): a comment, then one merge a line, the most frequent first. The
vocabulary follows from it: 256 bytes, the same 256 ending a word, one entry a merge, the start and the end of a text.
"""

import gzip
import zlib
from pathlib import Path

from transformers import CLIPTokenizer

from toontween.errors import CheckpointError, MediaError

CONTEXT_LENGTH = 77
"""Token ids of one prompt: the start, at most 75 parts, the end, zeros."""

START, END = "<start_of_text>", "<end_of_text>"

_VOCABULARY = 49408
_BYTES = 256
_GZIP = b"\x1f\x8b"


def build_tokenizer(table: Path) -> CLIPTokenizer:
    """The tokenizer of a merge table, plain or gzipped; `save_pretrained` writes its files.

    Raises:
        MediaError: The file is missing or cannot be read.
        CheckpointError: The file is not CLIP's table of merges.
    """
    merges = _read_merges(table)
    letters = _byte_letters()
    words = [*letters, *(letter + "</w>" for letter in letters)]
    vocabulary = {word: index for index, word in enumerate(words)}
    for pair in merges:
        word = "".join(pair)
        if word in vocabulary or not vocabulary.keys() >= set(pair):
            raise CheckpointError(f"{table.name} repeats or anticipates a merge: {' '.join(pair)}")
        vocabulary[word] = len(vocabulary)
    vocabulary |= {START: _VOCABULARY - 2, END: _VOCABULARY - 1}
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=merges,  # pyright: ignore[reportArgumentType]  the backend takes pairs
        unk_token=END,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=CONTEXT_LENGTH,
    )


def _read_merges(table: Path) -> list[tuple[str, str]]:
    try:
        content = table.read_bytes()
        text = (gzip.decompress(content) if content[:2] == _GZIP else content).decode()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise MediaError(f"cannot read the merge table {table}: {error}") from error
    needed = _VOCABULARY - 2 * _BYTES - 2
    pairs = [tuple(line.split()) for line in text.splitlines()[1 : needed + 1]]
    if len(pairs) < needed or any(len(pair) != 2 for pair in pairs):
        raise CheckpointError(
            f"{table.name} is not CLIP's table of {needed} merges",
            hint="it is called bpe_simple_vocab_16e6.txt.gz",
        )
    return [(pair[0], pair[1]) for pair in pairs]


def _byte_letters() -> list[str]:
    """One visible letter per byte, in the vocabulary's order: printable ones first, then stand-ins from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = _BYTES - len(printable)
    return [chr(code) for code in (*printable, *range(_BYTES, _BYTES + hidden))]
