"""What comes with the package: weights that need no download."""

from pathlib import Path

from toontween.errors import UnavailableError

_WEIGHTS = Path(__file__).parents[1] / "weights"
_PREFIX = "toontween/"
_MODEL = "mini"


def bundled_folder(name: str) -> Path | None:
    """The folder of the bundled model `mini`, or of a part of it (`mini/vae`); None for other names.

    The prefix `toontween/` may stand before either.

    Raises:
        UnavailableError: That part does not come with this version, or the model as a whole does not.
    """
    model, _, part = name.removeprefix(_PREFIX).partition("/")
    if model != _MODEL or (part and not part.isidentifier()):
        return None
    folder = _WEIGHTS / model / part
    index = "config.json" if part else "model_index.json"
    if not (folder / index).is_file():
        files = (_WEIGHTS / model).glob("*/config.json")
        parts = sorted(f"{model}/{file.parent.name}" for file in files)
        there = f"it brings {', '.join(parts)} alone; " if parts else ""
        raise UnavailableError(
            f"the bundled {name!r} does not ship with this version",
            hint=f"{there}use --method flow, or: toontween weights pull tooncrafter-512",
        )
    return folder
