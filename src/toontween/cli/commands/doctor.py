"""`toontween doctor`: what this machine can run, and what is missing."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toontween.cli.console import print_json, print_lines


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Say what this machine can run, how fast about, what is missing and how to get it.

    Nothing is installed, downloaded or changed.

    Example: `toontween doctor`
    """
    from toontween.cli.machine import examine

    findings = examine()
    if as_json:
        print_json({"command": "doctor", **findings})
    else:
        print_lines(describe(findings))


def describe(findings: Mapping[str, Any]) -> list[str]:
    """The findings as lines for people."""
    machine, speed = findings["machine"], findings["estimate"]
    return [
        "machine",
        f"  processor  {machine['cores']} cores, {machine['threads']} threads used",
        f"  memory     {machine['memory_free_gb']} GB free of {machine['memory_total_gb']} GB",
        f"  graphics   {_graphics(machine)}",
        "software",
        *(f"  {name:<26} {version}" for name, version in findings["versions"].items()),
        "files it can write",
        *(f"  {name:<26} {_yes(found)}" for name, found in findings["formats"].items()),
        "methods",
        *(f"  {row['name']:<10} {_method(row)}" for row in findings["methods"]),
        "models",
        *(f"  {row['name']:<26} {_model(row)}" for row in findings["models"]),
        "estimate for one clip of the published model (16 frames of 512×320, 50 steps)",
        f"  time       about {_duration(speed['seconds'])} on {speed['device']}"
        f" (an estimate from {speed['measured_gflops']} GFLOP/s measured just now)",
        f"  memory     about {speed['memory_gb']} GB in {speed['dtype']} (an estimate): "
        + ("enough is free" if speed["fits"] else "more than is free"),
    ]


def _graphics(machine: Mapping[str, Any]) -> str:
    return ", ".join(f"{g['name']} ({g['kind']})" for g in machine["graphics"]) or "none found"


def _model(row: Mapping[str, Any]) -> str:
    return f"here: {row['folder']}" if row["ready"] else f"not here → {row['remedy']}"


def _method(row: Mapping[str, Any]) -> str:
    return "ready" if row["ready"] else f"not ready: {row['missing']}\n{' ' * 13}→ {row['remedy']}"


def _yes(found: object) -> str:
    return "yes" if found else "no: this PyAV has no such encoder"


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
