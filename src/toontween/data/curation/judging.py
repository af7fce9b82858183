"""One film → its clips with their verdicts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toontween.data.clips import Clip
from toontween.data.curation.captions import Captions
from toontween.data.curation.cutting import Piece, cut_pieces
from toontween.data.curation.duplicates import hash_of
from toontween.data.curation.films import Film
from toontween.data.curation.scorers import SCORERS, build_scorer
from toontween.data.curation.settings import CurateSettings
from toontween.data.curation.shots import find_shots
from toontween.data.curation.verdicts import Check, Outcome, Verdict, judged
from toontween.errors import UnavailableError
from toontween.registry import load_foreign

_CAPTIONER = "caption"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A clip that may be kept, and what is said of it."""

    clip: Clip
    verdict: Verdict


def judge_film(film: Film, settings: CurateSettings) -> Iterator[Candidate]:
    """All clips of a film in order, kept and dropped; the drawings of one clip at a time.

    Near-duplicates are not looked for: that takes all films.

    Raises:
        MediaError: The film or its captions cannot be read.
        InputError: A scorer's weights are of the wrong kind.
    """
    # first, for what is wrong with weights should not wait for a film
    scorers = _scorers_of(settings)
    fps, captions = film.rate(), Captions(film)
    shots = find_shots(film.frames(), fps=fps)
    pieces = cut_pieces(
        film.frames(),
        shots,
        size=settings.size,
        fewest=settings.frames,
        longest=settings.longest,
    )
    for piece in pieces:
        clip = Clip(
            key=f"{film.key}-{piece.shot.number:04d}-{piece.number}",
            frames=piece.drawings,
            fps=fps,
            exposures=piece.exposures,
            caption=captions.of(piece.starts[0] / fps, piece.stop / fps),
        )
        yield _judge(film, clip, piece, settings, scorers)


def _judge(
    film: Film, clip: Clip, piece: Piece, settings: CurateSettings, scorers: "_Scorers"
) -> Candidate:
    shot = piece.shot
    verdict = Verdict(
        key=clip.key,
        film=film.name,
        start=piece.starts[0],
        stop=piece.stop,
        fps=clip.fps,
        drawings=len(clip),
        picture=(shot.picture.left, shot.picture.top, shot.picture.right, shot.picture.bottom),
        faded=shot.faded,
    )
    verdict.add(judged("drawings", float(len(clip)), float(settings.frames), None))
    wide, high = (have / want for have, want in zip(shot.picture.size, settings.size, strict=True))
    verdict.add(judged("resolution", min(wide, high), *settings.limits("resolution")))
    verdict.add(judged("subtitles", sum(shot.subtitles), *settings.limits("subtitles")))
    flashes = [number for number in shot.flashes if piece.starts[0] <= number < piece.stop]
    verdict.add(judged("flashes", float(len(flashes)), None, 0.0))
    if verdict.dropped_by is None:
        clip = scorers.caption(clip, verdict)
        scorers.judge(clip, verdict)
    verdict.caption = clip.caption
    if verdict.dropped_by is None:
        last = len(clip) - 1
        verdict.hashes = tuple(hash_of(clip.frames[index]) for index in (last // 2, 0, last))
    return Candidate(clip, verdict)


class _Scorers:
    """All scorers of a curation, made once in each process."""

    def __init__(self, settings: CurateSettings) -> None:
        weights = {name: Path(path) for name, path in settings.weights.items()}
        self._settings = settings
        self._captioner = None
        if _CAPTIONER in settings.plugs:
            self._captioner = load_foreign(settings.plugs[_CAPTIONER])(weights)
        names = dict.fromkeys([*SCORERS, *settings.plugs])
        names.pop(_CAPTIONER, None)
        self._scorers = {name: build_scorer(name, weights, settings.plugs) for name in names}

    def caption(self, clip: Clip, verdict: Verdict) -> Clip:
        """The clip with a caption, if there is somebody to say one."""
        if not clip.caption and self._captioner is not None:
            told = " ".join(str(self._captioner.caption(clip)).split())
            clip = Clip(
                key=clip.key,
                frames=clip.frames,
                fps=clip.fps,
                exposures=clip.exposures,
                caption=told,
            )
        why = "" if clip.caption else "nobody said what happens: no file of captions, no captioner"
        outcome = Outcome.PASSED if clip.caption else Outcome.NOT_APPLIED
        verdict.add(Check(_CAPTIONER, outcome, None, why))
        return clip

    def judge(self, clip: Clip, verdict: Verdict) -> None:
        """Have every scorer look at a clip until one drops it."""
        for name, scorer in self._scorers.items():
            try:
                if isinstance(scorer, UnavailableError):
                    raise scorer
                value = float(scorer.score(clip))
            except UnavailableError as error:
                verdict.add(Check(name, Outcome.NOT_APPLIED, None, error.message))
                continue
            check = judged(name, value, *self._settings.limits(name))
            if not np.isfinite(value):
                check = Check(name, Outcome.FAILED, None, "the score is not a number")
            verdict.add(check)
            if check.outcome is Outcome.FAILED:
                return


_made: dict[str, _Scorers] = {}
"""The scorers of this process; loading networks for every film would take longer than judging."""


def _scorers_of(settings: CurateSettings) -> _Scorers:
    key = json.dumps([settings.record(), dict(settings.weights)], sort_keys=True)
    if key not in _made:
        _made.clear()
        _made[key] = _Scorers(settings)
    return _made[key]
