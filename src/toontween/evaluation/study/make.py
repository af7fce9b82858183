"""From a report to a study: films under new names, ballots, the page, the key."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from toontween.errors import InputError, OutputError
from toontween.evaluation.methods import TRUTH
from toontween.evaluation.study.films import FILMS_FOLDER, new_tokens, spoil, write_films
from toontween.evaluation.study.key import KEY_NAME, Film, StudyKey, write_key
from toontween.evaluation.study.material import Material, read_material
from toontween.evaluation.study.page import PAGE_NAME, write_page
from toontween.evaluation.study.planning import (
    CATCH_CLIPS,
    DAMAGED,
    Comparison,
    count_comparisons,
    plan_ballots,
    plan_catches,
)
from toontween.media.files import disk_errors

VOTERS_FOLDER = "voters"
"""In the study's folder: all that voters get."""

PAIRS_PER_VOTER = 20
"""Where there are as many: about ten minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyOptions:
    """What a study is to be like.

    Raises:
        InputError: A number is out of range, or the truth is to be shown and to compete.
    """

    methods: Sequence[str] | None = None
    """Labels, the truth's among them if it is to compete; all trained methods of the report when None."""

    num_clips: int | None = None
    """Clips, evenly spread over the report; all when None."""

    pairs_per_voter: int | None = None
    """Comparisons on a ballot, catch trials not counted; `PAIRS_PER_VOTER` or all there are when None."""

    catch_trials: int | None = None
    """On each ballot; two, or one where there is one clip, when None."""

    fps: float = 8.0
    """Frames a second at which films are played."""

    show_truth: bool = False
    """Whether the true drawings are shown for reference."""

    send_to: str = ""
    """Where voters are asked to send their votes."""

    seed: int = 0
    """Of names, orders and sides."""

    def __post_init__(self) -> None:
        if not 0.5 <= self.fps <= 60:
            raise InputError(f"{self.fps:g} frames a second cannot be played", hint="0.5 to 60")
        if self.num_clips is not None and self.num_clips < 1:
            raise InputError(f"{self.num_clips} clips cannot be compared", hint="one at least")
        if self.seed < 0:
            raise InputError(f"seed {self.seed} is negative")
        if self.show_truth and TRUTH in (self.methods or ()):
            raise InputError("the truth cannot be shown for reference and compete as well")


@dataclass(frozen=True, kw_only=True)
class Study:
    """What was written."""

    key: StudyKey
    key_path: Path
    page: Path
    voters: Path
    """The folder for voters."""

    left_out: Sequence[str]
    """Methods of the report that do not compete because their weights are random."""


def make_study(
    report: Path,
    out: Path,
    options: StudyOptions,
    *,
    progress: Callable[[float], None] | None = None,
) -> Study:
    """Write a study's folder. The same report and options give the same bytes, whatever the methods are called.

    Args:
        report: Folder of a report.
        out: The study's folder; made when it is not there, must be empty.
        options: What it is to be like.
        progress: Told the part done, 0…1.

    Raises:
        InputError: A method is unknown or comes twice, or there is too little to compare.
        MediaError: The report is damaged, or films of a clip differ in size.
        OutputError: The folder is not empty or cannot be written.
    """
    material = read_material(report, methods=options.methods, num_clips=options.num_clips)
    secret = material.fingerprint({**asdict(options), "methods": None})
    random = np.random.default_rng(int(secret, 16))
    key = _draw_key(material, options, secret, random)
    with _new_folder(out) as folder:
        voters = folder / VOTERS_FOLDER
        (voters / FILMS_FOLDER).mkdir(parents=True)
        _write_all_films(voters / FILMS_FOLDER, material, key, random, progress)
        shapes = {clip: material.shape(clip) for clip in material.clips}
        write_page(voters / PAGE_NAME, key, shapes=shapes)
        write_key(folder, key)
    return Study(
        key=key,
        key_path=out / KEY_NAME,
        page=out / VOTERS_FOLDER / PAGE_NAME,
        voters=out / VOTERS_FOLDER,
        left_out=material.left_out,
    )


def _draw_key(
    material: Material, options: StudyOptions, secret: str, random: np.random.Generator
) -> StudyKey:
    """Ballots and names, everything that chance decides but padding and spoilt films."""
    ballots = _plan(material, options, random)
    films = _name_films(material, ballots, options, random)
    tokens = {(film.clip, film.shows): token for token, film in films.items()}
    return StudyKey(
        study=hashlib.sha256(f"study {secret}".encode()).hexdigest()[:12],
        methods=material.methods,
        films=films,
        ballots=[
            [(tokens[one.clip, one.left], tokens[one.clip, one.right]) for one in ballot]
            for ballot in ballots
        ],
        settings={
            **asdict(options),
            "report": material.store.folder.parent.name,
            "methods": material.labels,
            "clips": list(material.clips),
            "pairs_per_voter": sum(not one.is_catch for one in ballots[0]),
            "catch_trials": sum(one.is_catch for one in ballots[0]),
        },
    )


def _plan(
    material: Material, options: StudyOptions, random: np.random.Generator
) -> list[list[Comparison]]:
    """Ballots with their catch trials, which stand anywhere."""
    different = count_comparisons(len(material.methods), len(material.clips))
    wanted = options.pairs_per_voter
    ballots = plan_ballots(
        material.labels,
        material.clips,
        per_ballot=min(PAIRS_PER_VOTER, different) if wanted is None else wanted,
        random=random,
    )
    spoilt = [material.clips[int(number)] for number in random.permutation(len(material.clips))]
    catches = plan_catches(
        spoilt[: max(CATCH_CLIPS, options.catch_trials or 0)],
        TRUTH,
        num_ballots=len(ballots),
        per_ballot=min(2, len(spoilt)) if options.catch_trials is None else options.catch_trials,
    )
    whole = [own + caught for own, caught in zip(ballots, catches, strict=True)]
    return [[ballot[place] for place in random.permutation(len(ballot))] for ballot in whole]


def _name_films(
    material: Material,
    ballots: Sequence[Sequence[Comparison]],
    options: StudyOptions,
    random: np.random.Generator,
) -> dict[str, Film]:
    """Token → film, sorted by token; only what somebody may see."""
    seen = {(one.clip, shown): None for ballot in ballots for one in ballot for shown in (one.left, one.right)}  # fmt: skip
    if options.show_truth:
        seen |= {(clip, TRUTH): None for clip in material.clips}
    names = new_tokens(len(seen), random)
    films = {
        token: Film(
            clip=clip,
            shows=shown,
            digest=material.records[clip][TRUTH if shown == DAMAGED else shown].digest,
        )
        for token, (clip, shown) in zip(names, seen, strict=True)
    }
    return dict(sorted(films.items()))


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out` whose contents are there when the block ends well, all or nothing.

    Raises:
        OutputError: `out` is a file, not empty, or cannot be made.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is not a folder", hint="choose another name")
    if out.is_dir() and any(out.iterdir()):
        hint = "choose another folder: a study whose votes are being taken must not change"
        raise OutputError(f"{out} is not empty", hint=hint)
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.resolve().parent, prefix=".toontween-") as temporary:
            yield Path(temporary)
            out.mkdir(exist_ok=True)
            for made in sorted(Path(temporary).iterdir(), reverse=True):  # the key last
                made.rename(out / made.name)


def _write_all_films(
    folder: Path,
    material: Material,
    key: StudyKey,
    random: np.random.Generator,
    progress: Callable[[float], None] | None,
) -> None:
    for done, clip in enumerate(material.clips, start=1):
        frames = {
            token: spoil(material.frames(clip, TRUTH), random)
            if film.shows == DAMAGED
            else material.frames(clip, film.shows)
            for token, film in key.films.items()
            if film.clip == clip
        }
        if frames:
            write_films(folder, frames, random)
        if progress is not None:
            progress(done / len(material.clips))
