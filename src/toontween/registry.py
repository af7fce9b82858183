"""Names that users type → classes, imported only when they are asked for."""

import difflib
import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from toontween.errors import InputError, UnknownNameError

_Choice = TypeVar("_Choice", bound=str)


class Registry(Mapping[str, str]):
    """An immutable table of name → "module:Attribute" with late import.

    Args:
        kind: What the names stand for ("method", "model"), used in messages.
        entries: Name → "package.module:Attribute".
    """

    def __init__(self, kind: str, entries: Mapping[str, str]) -> None:
        self._kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> str:
        """The target of a name, as "module:Attribute"."""
        if name not in self._entries:
            close = difflib.get_close_matches(name, self._entries, n=1)
            known = ", ".join(self._entries)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {known}"
            raise UnknownNameError(f"there is no {self._kind} called {name!r}", hint=hint)
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order they were registered."""
        return iter(self._entries)

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._entries)

    def load(self, name: str) -> Any:
        """Import and return what a name stands for.

        Raises:
            UnknownNameError: The name is not registered; the hint gives the nearest one.
        """
        module, _, attribute = self[name].partition(":")
        return getattr(importlib.import_module(module), attribute)


def choice_called(kind: str, name: str, choices: Sequence[_Choice]) -> _Choice:
    """The one of a few names that is `name`.

    Args:
        kind: What the names stand for, used in messages.
        name: What somebody wrote.
        choices: All there are, such as `get_args` of a `Literal` type.

    Raises:
        UnknownNameError: It is none of them; the hint lists them.
    """
    for choice in choices:
        if name == choice:
            return choice
    known = ", ".join(choices)
    raise UnknownNameError(f"there is no {kind} called {name!r}", hint=f"known: {known}")


def load_foreign(target: str) -> Any:
    """What a person's own code calls "package.module:name" or "file.py:name". The code is run.

    Raises:
        InputError: The text is of another form, the module or file cannot be imported, or it has no such name.
    """
    place, colon, attribute = target.rpartition(":")
    if not colon:
        hint = "for example my_module:MyClass or my_file.py:MyClass"
        raise InputError(f"{target!r} is not MODULE:NAME", hint=hint)
    try:
        module = _run_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except (ImportError, OSError) as error:
        raise InputError(f"{target}: {error}") from error
    if not hasattr(module, attribute):
        raise InputError(f"{target}: {place} has no {attribute!r}")
    return getattr(module, attribute)


def _run_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018  a .py file has both
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
