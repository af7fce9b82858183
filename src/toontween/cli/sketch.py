"""`toontween sketch`: lines taken out of finished drawings, and sketches as the model sees them."""

import typer

app = typer.Typer(
    name="sketch",
    no_args_is_help=True,
    help="Take the lines out of finished drawings; see a sketch as the model sees it.\n\n"
    "Example: `toontween sketch extract A.png -o lines/`",
)
