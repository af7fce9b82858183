"""Published configuration sections → constructor arguments, strictly."""

from collections.abc import Collection, Mapping
from typing import Any

from toontween.errors import CheckpointError

_NO_NAMES: frozenset[str] = frozenset()


def translate_section(
    section: Mapping[str, Any],
    *,
    component: str,
    sizes: Mapping[str, str],
    options: Mapping[str, str],
    fixed: Mapping[str, Any],
    ignored: Collection[str] = _NO_NAMES,
) -> dict[str, Any]:
    """Rename a section's entries and refuse what our network cannot be.

    Args:
        section: The published-style section.
        component: Used in messages.
        sizes: Published name → argument, for entries that must be there.
        options: The same for entries that may be left out.
        fixed: Published name → the only value our network has; may be left out.
        ignored: Entries that do not change the network.

    Raises:
        CheckpointError: An entry is missing, unknown or has an impossible value.
    """
    missing = [name for name in sizes if name not in section]
    if missing:
        raise CheckpointError(f"the {component}'s configuration lacks {', '.join(missing)}")
    arguments: dict[str, Any] = {}
    for name, value in section.items():
        argument = sizes.get(name) or options.get(name)
        if argument is not None:
            arguments[argument] = tuple(value) if isinstance(value, list) else value
        elif name in fixed:
            if value != fixed[name]:
                raise CheckpointError(
                    f"the {component} has {name}={value!r}; only {fixed[name]!r} is supported"
                )
        elif name not in ignored:
            raise CheckpointError(f"the {component}'s setting {name}={value!r} is not known")
    return arguments
