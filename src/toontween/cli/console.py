"""What the commands share: results on stdout, everything else on stderr, bars only for people, `--set`."""

import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import typer

from toontween.errors import InputError


@runtime_checkable
class Written(Protocol):
    """What a command has written: media files and a sidecar."""

    @property
    def outputs(self) -> Sequence[Path]:
        """The media files, in order."""
        ...

    @property
    def sidecar(self) -> Path:
        """The provenance file."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What was not done as one might expect."""
        ...

    def summary(self) -> Mapping[str, Any]:
        """What a program wants to know of the result, ready for JSON."""
        ...


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


def show_written(command: str, written: Written, *, out: str, as_json: bool, quiet: bool) -> None:
    """Print where everything is: paths or JSON on stdout, remarks on stderr."""
    if not quiet:
        for warning in written.warnings:
            warn(warning)
        say(f"how it was made: {written.sidecar}")
    if as_json:
        print_json({"command": command, "out": out, **written.summary()})
    else:
        print_lines([str(path) for path in written.outputs])


def parse_settings(given: Sequence[str]) -> dict[str, Any]:
    """`--set NAME=VALUE`: numbers, true and false are read as such, anything else as text.

    Raises:
        InputError: One is not NAME=VALUE, or a name comes twice.
    """
    settings: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            raise InputError(f"--set {text!r} is not NAME=VALUE", hint="for example eta=0.5")
        if name in settings:
            raise InputError(f"setting {name!r} is given twice")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


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
