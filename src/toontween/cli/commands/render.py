"""`toontween render`: keys in, a film or numbered drawings out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.console import parse_settings, progress_bar, show_written
from toontween.errors import InputError


class Fit(StrEnum):
    """What to do with a key of another shape than the first."""

    PAD = "pad"
    CROP = "crop"
    ERROR = "error"


_FIT_HELP = (
    "A key of another shape than the first: pad (letterbox), crop, or error. Never stretched."
)


def render(
    keys: Annotated[list[Path], typer.Argument(help="Two or more finished drawings, in order.")],
    *,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="out.mp4, .mov, .webm, .gif: a film. out/%04d.png: every frame. "
            "out/: every drawing once. half.png: the one in-between.",
        ),
    ],
    method: Annotated[
        str | None, typer.Option(help="flow (the default), phase, crossfade, hold, toon.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Weights for method toon: tooncrafter-512, or a folder.")
    ] = None,
    count: Annotated[int, typer.Option(help="In-betweens in each gap between two keys.")] = 14,
    on: Annotated[int, typer.Option(help="Frames each drawing is held: 1, 2 (twos), 3.")] = 1,
    fps: Annotated[str, typer.Option(help="Frames a second: 24, 23.976, 12.5, 30000/1001.")] = "24",
    sketch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER=FILE",
            help="A rough for drawing NUMBER (the first key is 1), dark on light, light on dark or on nothing. "
            "Implies --method toon. Repeatable.",
        ),
    ] = None,
    prompt: Annotated[str, typer.Option(help="A line of text saying what happens.")] = "",
    seed: Annotated[int, typer.Option(help="Another number gives another version.")] = 0,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the method. Repeatable."),
    ] = None,
    line_art: Annotated[
        bool,
        typer.Option(
            "--line-art",
            help="The keys are line drawings, dark, light or on nothing: so are the in-betweens.",
        ),
    ] = False,
    binary: Annotated[
        bool, typer.Option("--binary", help="With --line-art: in-betweens without grey.")
    ] = False,
    lock_palette: Annotated[
        bool, typer.Option("--lock-palette", help="Bring flat areas to the keys' exact colours.")
    ] = False,
    lock_lines: Annotated[
        bool,
        typer.Option(
            "--lock-lines", help="Draw faded and broken lines anew in the keys' ink and width."
        ),
    ] = False,
    fit: Annotated[Fit, typer.Option(help=_FIT_HELP)] = Fit.PAD,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Draw the in-betweens of two or more finished drawings.

    The keys come back untouched; only the drawings between them are made. Beside the result stands a
    `.json` file that says how each drawing was made.

    Example: `toontween render A.png B.png -o out.mp4 --count 3 --on 2`
    """
    from toontween.rendering.job import RenderJob, render_files
    from toontween.rendering.renderer import RenderSettings
    from toontween.timeline.time import parse_fps

    settings = RenderSettings(
        count=count,
        on=on,
        fps=parse_fps(fps),
        fit=fit.value,
        prompt=prompt,
        seed=seed,
        line_art=line_art,
        binary=binary,
        lock_palette=lock_palette,
        lock_lines=lock_lines,
        options=parse_settings(setting or []),
    )
    job = RenderJob(
        keys=tuple(keys),
        out=out,
        method=method,
        model=model,
        device=device,
        settings=settings,
        sketches=_parse_sketches(sketch or []),
        overwrite=overwrite,
    )
    with progress_bar("drawing", quiet=quiet) as progress:
        written = render_files(job, progress=progress)
    show_written("render", written, out=out, as_json=as_json, quiet=quiet)


def _parse_sketches(given: list[str]) -> dict[int, Path]:
    sketches: dict[int, Path] = {}
    for text in given:
        number, equals, file = text.partition("=")
        if not (equals and file and number.strip().isdecimal() and len(number) < 9):
            hint = "write the drawing's number and the file, as in 7=rough.png"
            raise InputError(f"--sketch {text!r} is not NUMBER=FILE", hint=hint)
        if int(number) in sketches:
            raise InputError(f"drawing {int(number)} has two sketches")
        sketches[int(number)] = Path(file)
    return sketches
