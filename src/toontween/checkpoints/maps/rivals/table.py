"""The networks that other methods published, by the names under which they are converted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from toontween.checkpoints.maps.component import Component, by_section, constant
from toontween.checkpoints.maps.rivals import (
    animeinterp,
    eisai_dtm,
    eisai_ssl,
    film,
    gmfss,
    phasenet,
    raft,
    raft_small,
    resepconv,
    rife,
    seine,
    sepconv,
    vgg19,
)

_LEARNED = "toontween.interpolators.learned"


@dataclass(frozen=True, slots=True)
class Rival:
    """One published file."""

    title: str
    """What people call it."""

    signature: tuple[str, ...]
    """Patterns that all match a name of this file, and of no other."""

    component: Component
    """How it is converted."""


def name_of(shapes: Mapping[str, Sequence[int]], matched: str) -> str:
    """The network's name, when a signature has matched one of its family.

    Raises:
        CheckpointError: It is of the family, but no member that is known.
    """
    return rife.variant_of(shapes) if matched.startswith("rife") else matched


def _entry(name: str, title: str, place: str, module: ModuleType) -> Rival:
    published: Mapping[str, Any] = module.PUBLISHED
    return Rival(
        title,
        module.SIGNATURE,
        Component(
            name=name,
            prefix=module.PREFIX,
            class_path=f"{_LEARNED}.{place}",
            section=name,
            published=published,
            key_map=constant(module.KEY_MAP),
            arguments=by_section(module.config_from_original),
        ),
    )


def _member(family: ModuleType, name: str, title: str) -> Rival:
    """One of several networks that a module describes by name."""
    return Rival(
        title,
        family.SIGNATURES[name],
        Component(
            name=name,
            prefix=family.PREFIX,
            class_path=family.CLASS_PATHS[name],
            section=name,
            published=family.PUBLISHED[name],
            key_map=constant(family.KEY_MAPS[name]),
            arguments=by_section(family.config_from_original),
        ),
    )


RIVALS: Mapping[str, Rival] = {
    "animeinterp": _entry("animeinterp", "AnimeInterp", "animeinterp.network:AnimeInterp", animeinterp),
    "eisai-ssl": _entry("eisai-ssl", "EISAI's synthesis", "eisai.network:SoftsplatLite", eisai_ssl),
    "eisai-dtm": _entry("eisai-dtm", "EISAI's refinement", "eisai.refinement:DistanceTransformModule", eisai_dtm),
    "film": _entry("film", "FILM", "film.network:FilmNet", film),
    "rife-4.25": _member(rife, "rife-4.25", "RIFE 4.25 or 4.26"),
    "rife-4.6": _member(rife, "rife-4.6", "RIFE 4.6"),
    "rife-m": _member(rife, "rife-m", "RIFE_m"),
    "rife": _member(rife, "rife", "RIFE of the paper"),
    "raft": _entry("raft", "RAFT", "raft.network:RaftFlow", raft),
    "raft-small": _entry("raft-small", "RAFT, the small network", "raft.network:RaftFlow", raft_small),
    "seine": _entry("seine", "SEINE's denoiser", "seine.network:SeineUNet", seine),
    "sepconv": _entry("sepconv", "SepConv", "sepconv.network:SepConvNet", sepconv),
    "resepconv": _entry("resepconv", "reSepConv", "resepconv.network:ReSepConvNet", resepconv),
    "phasenet": _entry("phasenet", "PhaseNet", "phasenet.network:PhaseNet", phasenet),
    "gmfss-flow": _member(gmfss, "gmfss-flow", "GMFSS's flow"),
    "gmfss-metric": _member(gmfss, "gmfss-metric", "GMFSS's metric"),
    "gmfss-features": _member(gmfss, "gmfss-features", "GMFSS's features"),
    "gmfss-fusion": _member(gmfss, "gmfss-fusion", "GMFSS's fusion"),
    "vgg19": _entry("vgg19", "VGG19", "animeinterp.matching.features:Vgg19Features", vgg19),
}  # fmt: skip
"""Name → network. Of two whose signatures both match, the more particular one stands first."""
