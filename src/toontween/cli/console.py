"""What the commands print: results on stdout, everything else on stderr, bars only for people."""

import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer


def print_json(value: Mapping[str, Any]) -> None:
    """A result for programs."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_lines(lines: Sequence[str]) -> None:
    """A result for people and shells, one item a line."""
    for line in lines:
        typer.echo(line)


def say(text: str) -> None:
    """Something worth knowing that is not a result."""
    typer.echo(text, err=True)


def warn(text: str) -> None:
    """Something that was not done as one might expect."""
    typer.secho(f"warning: {text}", fg="yellow", err=True)


def fail(message: str, *, hint: str | None = None) -> None:
    """Why there is no result, and what to do."""
    typer.secho(f"error: {message}", fg="red", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)


@contextmanager
def progress_bar(
    label: str, *, quiet: bool
) -> Generator[Callable[[float], None] | None, None, None]:
    """A bar with the time left, on a terminal only; yields what to tell the part done (0…1)."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=1.0)
        yield lambda part: bar.update(task, completed=part)
