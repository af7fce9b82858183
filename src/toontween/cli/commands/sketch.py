"""`toontween sketch`: lines taken out of finished drawings, and sketches as the model sees them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.commands.render import Fit
from toontween.cli.console import (
    parse_settings,
    print_json,
    print_lines,
    progress_bar,
    show_written,
    warn,
)
from toontween.errors import InputError

app = typer.Typer(
    name="sketch",
    no_args_is_help=True,
    help="Take the lines out of finished drawings; see a sketch as the model sees it.\n\n"
    "Example: `toontween sketch extract A.png -o lines/`",
)


class Colours(StrEnum):
    """What becomes of coloured lines."""

    ONE = "one"
    KEEP = "keep"
    SEPARATE = "separate"


class On(StrEnum):
    """What lines stand on."""

    WHITE = "white"
    BLACK = "black"
    TRANSPARENT = "transparent"


class Stand(StrEnum):
    """What the lines of sketches stand on, or that it is to be found out."""

    AUTO = "auto"
    WHITE = "white"
    BLACK = "black"
    TRANSPARENT = "transparent"


class Strokes(StrEnum):
    """What becomes of strokes too thin or too thick for the model."""

    AUTO = "auto"
    KEEP = "keep"


@app.command()
def extract(
    source: Annotated[
        str, typer.Argument(help="A picture, a film, a folder of pictures, or in/%04d.png.")
    ],
    *,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="out/: names are kept, frames of a film numbered. out/%04d.png: numbered. "
            "lines.png: one picture. lines.mp4, .mov, .webm, .gif: a film.",
        ),
    ],
    method: Annotated[
        str,
        typer.Option(
            help="strokes: the dark lines of a finished drawing, no weights. anime2sketch: the network, with your weights. "
            "scan: line art that is there already, on any paper."
        ),
    ] = "strokes",
    weights: Annotated[
        str | None, typer.Option(help="Weights of anime2sketch: a name, or a folder.")
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option(metavar="PX", help="Redraw all strokes this wide; as found if not set."),
    ] = None,
    binary: Annotated[
        bool, typer.Option("--binary", help="Only ink and paper, no grey: for paint programs.")
    ] = False,
    despeckle: Annotated[
        int, typer.Option(metavar="PX", help="Leave out pieces of ink of fewer pixels.")
    ] = 0,
    colours: Annotated[
        Colours,
        typer.Option(
            help="Trace lines: one: all black. keep: in their colours. separate: a file for every "
            "colour, A_0001.red.png."
        ),
    ] = Colours.ONE,
    ground: Annotated[
        On, typer.Option(help="What the lines stand on; white lines on black, black otherwise.")
    ] = On.WHITE,
    fps: Annotated[
        str | None,
        typer.Option(
            help="Frames a second of a film made of pictures, 24 if not set; a film keeps its own."
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the method. Repeatable."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Take the lines out of finished drawings: line art for sketches, for painting or for comparing.

    Transparent drawings (cels) are put on white first. Beside the result stands a `.json` file that says how it was
    made.

    Example: `toontween sketch extract A.png -o lines/ --weight 3 --binary`
    """
    from toontween.drawing.lines import Ground
    from toontween.rendering.line_extraction import ExtractionJob, extract_files
    from toontween.rendering.writing.line_sheets import LineColours, LineSettings
    from toontween.timeline.time import parse_fps

    job = ExtractionJob(
        source=source,
        out=out,
        method=method,
        weights=weights,
        device=device,
        options=parse_settings(setting or []),
        settings=LineSettings(
            weight_px=weight,
            binary=binary,
            despeckle_px=despeckle,
            colours=LineColours(colours.value),
            ground=Ground(ground.value),
        ),
        fps=None if fps is None else parse_fps(fps),
        overwrite=overwrite,
    )
    with progress_bar("finding lines", quiet=quiet) as progress:
        written = extract_files(job, progress=progress)
    show_written("sketch extract", written, out=out, as_json=as_json, quiet=quiet)


@app.command()
def preview(
    sketches: Annotated[
        list[str], typer.Argument(help="Pictures, folders of pictures, or in/%04d.png.")
    ],
    *,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="preview.png: a contact sheet. hints/ or hints/%04d.png: what the model sees, a "
            "picture for each sketch.",
        ),
    ],
    key: Annotated[
        Path | None,
        typer.Option(
            help="A key the sketches belong to: its shape and size are the frame's, and the lines are "
            "shown over it. Without, each sketch is a frame."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="WxH", help="Work within this size, as --set width= and height= do."),
    ] = None,
    ground: Annotated[
        Stand, typer.Option(help="What the lines stand on, should it be misjudged.")
    ] = Stand.AUTO,
    fit: Annotated[
        Fit, typer.Option(help="A sketch of another shape than the key: pad, crop, or error.")
    ] = Fit.PAD,
    strokes: Annotated[
        Strokes,
        typer.Option(
            help="auto: redraw strokes too thin or thick for the model. keep: leave them."
        ),
    ] = Strokes.AUTO,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No remarks.")] = False,
) -> None:
    """Show sketches as the model will see them: given, white on black at the frame's size, over the key.

    Example: `toontween sketch preview rough.png --key A.png --size 512x320 -o preview.png`
    """
    from toontween.rendering.sketch_preview import PreviewJob, preview_files

    width, height = _parse_size(size)
    job = PreviewJob(
        sketches=tuple(sketches),
        out=out,
        key=key,
        height=height,
        width=width,
        ground=ground.value,
        fit=fit.value,
        strokes=strokes.value,
        overwrite=overwrite,
    )
    written = preview_files(job)
    if not quiet:
        for warning in written.warnings:
            warn(warning)
    if as_json:
        print_json({"command": "sketch preview", "out": out, **written.summary()})
    else:
        print_lines([sketch.line for sketch in written.sketches])
        print_lines([str(path) for path in written.outputs])


def _parse_size(text: str | None) -> tuple[int | None, int | None]:
    """Width and height of `512x320`."""
    if text is None:
        return None, None
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.isdecimal() and height.isdecimal() and max(len(width), len(height)) < 9):
        raise InputError(f"--size {text!r} is not WIDTHxHEIGHT", hint="for example 512x320")
    return int(width), int(height)
