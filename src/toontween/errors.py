"""Every deliberate exception of ToonTween.

ToonTweenError            anything we raise on purpose; carries a message and an optional hint
├── InputError            what the user gave cannot be used (exit code 2); also a ValueError
│   ├── ShapeError        a tensor or picture has the wrong size or number of channels
│   ├── MediaError        a file is missing, unreadable, truncated, too large or of the wrong kind
│   ├── OutputError       the place to write to exists already, cannot be written or does not fit
│   └── UnknownNameError  a method, model or setting that does not exist
├── CheckpointError       a weights file is wrong, incomplete, hostile or cannot be fetched
├── UnavailableError      a part is not here: weights, an optional library, a device
└── TrainingError         a training cannot go on: a loss that is no number

`ToonTweenWarning`, which is not an error, is the category of our Python warnings.

The message says what is wrong with the value; the hint says what to do.
"""


class ToonTweenError(Exception):
    """Base of all deliberate errors.

    Args:
        message: What is wrong, naming the value.
        hint: What to do about it; printed on a line of its own by the command line.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The message, followed by the hint when there is one."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InputError(ToonTweenError, ValueError):
    """Something the user gave cannot be used."""

    exit_code = 2


class ShapeError(InputError):
    """A tensor or picture has the wrong size or number of channels."""


class MediaError(InputError):
    """A media file is missing, unreadable, truncated, too large or of the wrong kind."""


class OutputError(InputError):
    """An output exists already, cannot be written or does not fit on the disk."""


class UnknownNameError(InputError):
    """A name that is not in the registry it was looked up in."""


class CheckpointError(ToonTweenError):
    """A weights file is wrong, incomplete, hostile or cannot be fetched."""


class UnavailableError(ToonTweenError):
    """Weights, an optional library or a device that is needed is not here."""


class TrainingError(ToonTweenError):
    """A training cannot go on."""


class ToonTweenWarning(UserWarning):
    """Something was not done as one might expect; for Python callers, the command line prints such remarks itself."""
