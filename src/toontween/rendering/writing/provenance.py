"""The sidecar: what made every drawing, so that anybody can tell keys from in-betweens and make them again.

It holds no time of day and no folder names: the same render gives the same sidecar on any machine with the same
libraries.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toontween.media.files import sha256_of
from toontween.runtime import versions

SCHEMA = 1
"""Version of the sidecar's layout; raised when a field changes its meaning."""


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
    method = record["method"]["name"]
    return {
        "Software": "ToonTween",
        "Comment": f"Generated in-betweens (method {method}); keys: drawings {keys}. See {sidecar_name}",
    }
