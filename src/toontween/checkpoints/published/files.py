"""What is known of a file that somebody else published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toontween.checkpoints.identify import Contents


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """One file somebody else published."""

    page: str
    """Where people find it."""

    file: str
    """Its name there."""

    licence: str | None
    """SPDX name of its licence; None when the publisher names none."""

    about_bytes: int
    """Size to expect, rounded."""

    repo: str | None = None
    """Repository on Hugging Face; None for a file that is elsewhere."""

    url: str | None = None
    """Where else it can be downloaded; with neither, it has to be fetched by hand."""

    revision: str | None = None
    """Commit to fetch; None until one is pinned."""

    sha256: str | None = None
    """Hash of the file or its first digits, which torchvision's names carry; None until one is pinned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedModel:
    """What a name stands for."""

    title: str
    """One line for people."""

    contents: Contents
    """What it is converted to."""

    weights: PublishedFile
    """The checkpoint."""

    merges: PublishedFile | None = None
    """CLIP's table of byte-pair merges, for models that read prompts."""

    others: tuple[PublishedFile, ...] = ()
    """Further files that lie beside it, for what is kept as it is."""

    config: Mapping[str, Any] | None = None
    """Sections that describe a model of another size than the published 512 one."""
