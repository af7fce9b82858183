"""The sidecar: what made every drawing, so that anybody can tell keys from in-betweens and make them again.

It holds no time of day and no folder names: the same render gives the same sidecar on any machine with the same
libraries.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from toontween.media.files import sha256_of, write_json
from toontween.rendering.writing.output import Output
from toontween.rendering.writing.staging import all_or_nothing
from toontween.runtime import versions

SCHEMA = 1
"""Version of the sidecar's layout; raised when a field changes its meaning."""


def write_with_sidecar(
    output: Output,
    write: Callable[[Path], Sequence[Path]],
    *,
    describe: Callable[[Sequence[Path]], dict[str, Any]],
    overwrite: bool,
) -> tuple[tuple[Path, ...], dict[str, Any]]:
    """Write media and their sidecar, all or nothing.

    Args:
        output: Where they go.
        write: Writes the media into a scratch folder, under their final names; gives the files.
        describe: The sidecar's content for those files; called when they are written.
        overwrite: Whether files that exist may be replaced.

    Returns:
        The media files where they are now, and the sidecar's content.

    Raises:
        OutputError: The folder cannot be written, or a file exists and `overwrite` is off.
    """
    with all_or_nothing(output.folder, overwrite=overwrite) as scratch:
        staged = write(scratch)
        content = describe(staged)
        write_json(scratch / output.sidecar.name, content, overwrite=False)
    return tuple(output.folder / path.name for path in staged), content


def describe_files(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Name, size and SHA-256 of every file."""
    return [
        {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in files
    ]


def sidecar(
    record: Mapping[str, Any], *, outputs: Sequence[Path], lossy: bool, warnings: Sequence[str]
) -> dict[str, Any]:
    """The whole sidecar, ready to be written as JSON.

    Args:
        record: What the renderer knows of the take: method, settings, inputs, drawings.
        outputs: The written media files.
        lossy: Whether the container changes the keys' pixels.
        warnings: Everything that was not done as one might expect.
    """
    libraries = versions()
    return {
        "schema": SCHEMA,
        "program": "toontween",
        "version": libraries.pop("toontween", "unknown"),
        "libraries": libraries,
        **record,
        "outputs": describe_files(outputs),
        "lossy": lossy,
        "warnings": list(warnings),
    }


def comment(record: Mapping[str, Any], *, sidecar_name: str) -> dict[str, str]:
    """The short text that goes inside media whose format holds one."""
    keys = ", ".join(str(d["number"]) for d in record["drawings"] if d["kind"] == "key")
    kept = f"; keys: drawings {keys}" if keys else ""
    drawn, method = record.get("generates", "in-betweens"), record["method"]["name"]
    text = f"Generated {drawn} (method {method}){kept}. See {sidecar_name}"
    return {"Software": "ToonTween", "Comment": text}
