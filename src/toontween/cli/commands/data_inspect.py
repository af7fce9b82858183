"""`toontween data inspect`: what is in some shards."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from toontween.cli.console import print_json, print_lines, progress_bar, say, warn


def inspect(
    shards: Annotated[list[Path], typer.Argument(help="Shards, or folders of them.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A picture to write, with strips of some clips."),
    ] = None,
    clips: Annotated[int, typer.Option(help="How many clips the picture shows.")] = 12,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the picture if it exists.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no remarks.")] = False,
) -> None:
    """Read every clip of some shards and say what is there; damaged clips are named.

    Example: `toontween data inspect clips/ -o clips.png`
    """
    from toontween.data.inspection import inspect_shards, sheet_of
    from toontween.media.files import check_output
    from toontween.media.images import check_still_suffix, write_still

    if out is not None:
        check_still_suffix(out)
        check_output(out, overwrite=overwrite)
    with progress_bar("reading", quiet=quiet) as progress:
        found = inspect_shards(shards, progress=progress)
    if out is not None:
        write_still(out, sheet_of(shards, count=clips), overwrite=overwrite)
        if not quiet:
            say(f"strips of some clips: {out}")
    for message in found.damaged:
        warn(message)
    if as_json:
        print_json({"command": "data inspect", **dataclasses.asdict(found)})
        return
    held = sum(found.exposures.values()) or 1
    print_lines(
        [
            f"clips: {found.clips} of {found.lengths[0]} to {found.lengths[1]} drawings",
            f"drawings: {found.drawings}, {found.seconds:g} seconds",
            "sizes: " + ", ".join(f"{size} ({count})" for size, count in found.sizes.items()),
            "held for: "
            + ", ".join(
                f"{frames} frames ({count / held:.0%})" for frames, count in found.exposures.items()
            ),
            f"with caption: {found.with_caption}; with ink: {found.with_lines}; "
            f"with alpha: {found.with_alpha}; damaged: {len(found.damaged)}",
        ]
    )
