"""`toontween colorize`: a sequence of sketches, coloured like one or two finished drawings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toontween.cli.commands.render import Fit
from toontween.cli.console import parse_settings, progress_bar, say, show_written
from toontween.errors import InputError

if TYPE_CHECKING:
    from toontween.rendering.colouring.references import At


def colorize(
    references: Annotated[
        list[Path],
        typer.Argument(help="One or two finished drawings: the colours, and the output's size."),
    ],
    sketches: Annotated[
        str, typer.Argument(help="A folder of sketches, in/%04d.png, a film, or one picture.")
    ],
    *,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="out/: names are kept. out/%04d.png: every frame. out.mp4, .mov, .webm, .gif: a film. "
            "A.png: one picture.",
        ),
    ],
    at: Annotated[
        str,
        typer.Option(
            metavar="auto|none|N[,M]",
            help="Which sketches the references are the coloured versions of; these come back untouched. "
            "auto: the first or last, if its lines are the reference's. none: none of them.",
        ),
    ] = "auto",
    lock_palette: Annotated[
        bool,
        typer.Option("--lock-palette", help="Bring flat areas to the references' exact colours."),
    ] = False,
    prompt: Annotated[str, typer.Option(help="A line of text saying what happens.")] = "",
    seed: Annotated[int, typer.Option(help="Another number gives another version.")] = 0,
    model: Annotated[
        str | None, typer.Option(help="Weights: tooncrafter-512 (the default), or a folder.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of method toon. Repeatable."),
    ] = None,
    on: Annotated[int, typer.Option(help="Frames each drawing is held: 1, 2 (twos), 3.")] = 1,
    fps: Annotated[
        str | None,
        typer.Option(help="Frames a second, 24 if not set; a film of sketches keeps its own."),
    ] = None,
    fit: Annotated[
        Fit,
        typer.Option(
            help="Sketches of another shape than the reference: pad (paper around), crop, or error."
        ),
    ] = Fit.PAD,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Colour a sequence of sketches like one or two finished drawings of it.

    Needs the weights of method toon and of its sketch encoder. Beside the result stands a `.json` file that says how
    each drawing was made.

    Example: `toontween colorize A-coloured.png sketches/ -o coloured/ --lock-palette`
    """
    from toontween.rendering.colouring.job import ColouringJob, colour_files
    from toontween.rendering.colouring.run import ColouringSettings
    from toontween.timeline.time import parse_fps

    job = ColouringJob(
        references=tuple(references),
        sketches=sketches,
        out=out,
        model=model,
        device=device,
        settings=ColouringSettings(
            at=_parse_at(at),
            lock_palette=lock_palette,
            on=on,
            fps=None if fps is None else parse_fps(fps),
            fit=fit.value,
            prompt=prompt,
            seed=seed,
            options=parse_settings(setting or []),
        ),
        overwrite=overwrite,
    )
    with progress_bar("colouring", quiet=quiet) as progress:
        written = colour_files(job, progress=progress)
    if not quiet:
        for decision in written.decisions:
            say(decision)
    show_written("colorize", written, out=out, as_json=as_json, quiet=quiet)


def _parse_at(text: str) -> "At":
    """`auto`, `none`, or a drawing's number (or `none`) for each reference."""
    if text in ("auto", "none"):
        return text
    places: list[int | None] = []
    for part in text.split(","):
        word = part.strip()
        if word != "none" and not (word.isdecimal() and len(word) < 9):
            raise InputError(
                f"--at {text!r} is not a place",
                hint="write auto, none, a drawing's number, or 1,24",
            )
        places.append(None if word == "none" else int(word))
    return tuple(places)
