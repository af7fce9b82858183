"""Prompts → token ids, cleaned the way the captions of the text tower's training were; features given instead."""

import html
from collections.abc import Sequence
from typing import Any

import ftfy
import torch
from jaxtyping import Float, Int
from torch import Tensor

from toontween.errors import InputError, ShapeError, UnavailableError


def clean_prompt(prompt: str) -> str:
    """Mend broken encodings, undo HTML entities (twice, captions need it), squeeze spaces, lower the case."""
    mended = html.unescape(html.unescape(ftfy.fix_text(prompt)))
    return " ".join(mended.split()).lower()


def prompt_ids(
    prompts: Sequence[str], tokenizer: Any | None, *, length: int, vocabulary: int = 49408
) -> Int[Tensor, "b n"]:
    """Start, parts, end, then zeros; a prompt that is too long loses its tail, never its end token.

    Args:
        prompts: One prompt per sample.
        tokenizer: A CLIP tokenizer; without one only empty prompts can be given ids.
        length: Ids per prompt.
        vocabulary: Size of the text tower's table; its last two entries are the start and the end.

    Raises:
        UnavailableError: There is no tokenizer and a prompt is not empty.
    """
    ids = torch.zeros(len(prompts), length, dtype=torch.long)
    for row, prompt in zip(ids, prompts, strict=True):
        parts = _parts(clean_prompt(prompt), tokenizer)
        whole = [vocabulary - 2, *parts[: length - 2], vocabulary - 1]
        row[: len(whole)] = torch.tensor(whole)
    return ids


def check_embeds(
    embeds: Float[Tensor, "..."], *, batch: int, length: int, width: int
) -> Float[Tensor, "b n d"]:
    """Given features of prompts, one for each sample; one prompt serves a whole batch.

    Raises:
        ShapeError: They have another shape.
        InputError: They are not finite.
    """
    wanted = (batch, length, width)
    if tuple(embeds.shape) not in (wanted, (1, *wanted[1:])):
        raise ShapeError(
            f"prompt embeddings of shape {tuple(embeds.shape)} do not fit",
            hint=f"expected {wanted}",
        )
    if not torch.isfinite(embeds).all():
        raise InputError("the prompt embeddings have values that are not finite")
    return embeds.expand(batch, -1, -1)


def _parts(text: str, tokenizer: Any | None) -> list[int]:
    if not text:
        return []
    if tokenizer is None:
        raise UnavailableError(
            f"this pipeline has no tokenizer, so it cannot read the prompt {text!r}",
            hint="give prompt_embeds, or build a tokenizer from bpe_simple_vocab_16e6.txt.gz",
        )
    return list(tokenizer(text, add_special_tokens=False, verbose=False).input_ids)
