"""`toontween data`: clips to train and measure with. Each command stands in a module of its own."""

import typer

from toontween.cli.commands.data_compose import compose
from toontween.cli.commands.data_curate import curate
from toontween.cli.commands.data_encode import encode
from toontween.cli.commands.data_inspect import inspect
from toontween.cli.commands.data_synth import synth

app = typer.Typer(
    name="data",
    no_args_is_help=True,
    help="Make clips to train and measure with.\n\n"
    "Example: `toontween data synth --seed 1 --clips 8 -o clips/`",
)
app.command()(synth)
app.command()(compose)
app.command()(encode)
app.command()(curate)
app.command()(inspect)
