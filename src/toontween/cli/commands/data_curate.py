"""`toontween data curate`: films into clips."""

from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.arguments import parse_numbers, parse_pairs, parse_size
from toontween.cli.console import print_json, print_lines, progress_bar, say, warn


def curate(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Video files, folders of frames, or folders that hold such."),
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder of shards; an interrupted run goes on.")
    ],
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Size in pixels; drawings are scaled and cropped.")
    ] = "512x320",
    frames: Annotated[int, typer.Option(help="Fewest distinct drawings of a clip.")] = 16,
    longest: Annotated[
        int, typer.Option(help="Most drawings of a clip; longer shots are cut into several.")
    ] = 96,
    fps: Annotated[float, typer.Option(help="Frames a second of folders of frames.")] = 24.0,
    at_least: Annotated[
        list[str] | None,
        typer.Option(metavar="SCORE=N", help="Drop clips under N, e.g. motion=0.5; repeatable."),
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(metavar="SCORE=N", help="Drop clips over N, e.g. text-area=0.05; repeatable."),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH",
            help="Weights of scorers: clip=FOLDER, aesthetic=FILE, text-area=FILE.onnx; repeatable.",
        ),
    ] = None,
    plug: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCORE=MODULE:CLASS",
            help="Your own scorer or captioner (caption=…). It is a program and is run; repeatable.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Processes, each with a film; their number changes no byte.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Cut films into clips of distinct drawings, judge them, and keep the good ones.

    Held drawings are collapsed and their exposures kept; borders and burnt-in subtitles are cropped; fades, flashes, still
    shots and near-duplicates are dropped. manifest.jsonl says of every clip why, summary.html shows some of each kind.
    A scorer whose weights are not here is reported as not applied.

    Example: `toontween data curate films/ -o clips/ --size 512x320 --workers 4`
    """
    from toontween.data.curation.run import curate as curate_films
    from toontween.data.curation.settings import CurateSettings

    settings = CurateSettings(
        size=parse_size(size),
        frames=frames,
        longest=longest,
        fps=fps,
        at_least=parse_numbers("--at-least", at_least or []),
        at_most=parse_numbers("--at-most", at_most or []),
        weights=parse_pairs("--weights", weights or []),
        plugs=parse_pairs("--plug", plug or []),
    )
    with progress_bar("curating", quiet=quiet) as progress:
        made = curate_films(sources, out, settings, workers=workers, progress=progress)
    for film, why in made.broken.items():
        warn(f"left out: {film}: {why}")
    for check, why in made.not_applied.items():
        warn(f"not applied: {check}: {why}")
    if not quiet:
        dropped = ", ".join(f"{count} by {check}" for check, count in made.dropped.items())
        say(f"{made.kept} clips kept; dropped: {dropped or 'none'}; see {made.summary}")
    if as_json:
        print_json(
            {
                "command": "data curate",
                "out": str(out),
                "shards": [str(path) for path in made.shards],
                "kept": made.kept,
                "dropped": made.dropped,
                "not_applied": made.not_applied,
                "broken": made.broken,
                "manifest": str(made.manifest),
                "summary": str(made.summary),
            }
        )
    else:
        print_lines([str(path) for path in made.shards])
