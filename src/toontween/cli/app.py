"""The `toontween` command: its sub-commands, and the one place where errors become exit codes.

| exit | means |
|---|---|
| 0 | done |
| 1 | could not be done: weights missing, a defect |
| 2 | what was given cannot be used |
| 130, 143 | stopped by Ctrl-C, by `kill`; nothing half-written is left |
"""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from toontween.cli.commands import (
    colorize,
    data,
    doctor,
    evaluate,
    render,
    sketch,
    study,
    train,
    weights,
)
from toontween.cli.console import fail
from toontween.errors import ToonTweenError

app = typer.Typer(
    name="toontween",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command(name="render")(render.render)
app.command(name="colorize")(colorize.colorize)
app.command(name="train")(train.train)
app.command(name="evaluate")(evaluate.evaluate)
app.command(name="doctor")(doctor.doctor)
app.add_typer(sketch.app)
app.add_typer(data.app)
app.add_typer(study.app)
app.add_typer(weights.app)


def _print_version(*, asked: bool) -> bool:
    if asked:
        import importlib.metadata

        typer.echo(f"toontween {importlib.metadata.version('toontween')}")
        raise typer.Exit
    return asked


@app.callback()
def toontween(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and stop.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error comes from, and more messages.")
    ] = False,
) -> None:
    """Finished drawings in, the drawings between them out.

    Example: `toontween render A.png B.png -o out.mp4`
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    debug = "--debug" in sys.argv
    logging.basicConfig()
    logging.getLogger("toontween").setLevel(logging.DEBUG if debug else logging.WARNING)
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; errors are reported on stderr in a line or two.

    Returns:
        The exit code.
    """
    debug = "--debug" in arguments
    try:
        code = app([a for a in arguments if a != "--debug"], standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:
        if debug and not isinstance(error, TyperException | BrokenPipeError):
            logging.getLogger(__name__).exception("failed")
        return report(error)
    except KeyboardInterrupt:
        code = 130
    if code == 130:
        fail("stopped; nothing was written")
    return code if isinstance(code, int) else 0


def report(error: Exception) -> int:
    """Tell on stderr what went wrong and what to do; the exit code."""
    if isinstance(error, ToonTweenError):
        fail(error.message, hint=error.hint)
        return error.exit_code
    if isinstance(error, TyperException):
        fail(error.format_message(), hint="toontween --help, or toontween COMMAND --help")
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # the reader has gone (`toontween … | head`): nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        fail("there is not enough memory", hint="use smaller pictures; see toontween doctor")
        return 1
    fail(
        f"toontween failed unexpectedly: {type(error).__name__}: {error}",
        hint="this is a defect; please report it with what the same command prints with --debug",
    )
    return 1


def _stop(_signal: int, _frame: Any) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    main()
