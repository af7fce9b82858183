"""Small drawings on disk, and the command line as people and programs call it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.drawings import drawing
from toontween.cli.app import run
from toontween.media.images import write_still


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty working folder with two keys, A.png and B.png, 48×32."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path.parent / f"{tmp_path.name}-weights"))
    write_still(tmp_path / "A.png", drawing(48, 32, at=0.4))
    write_still(tmp_path / "B.png", drawing(48, 32, at=0.6))
    return tmp_path


@pytest.fixture
def toontween(folder, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run a command in the working folder; gives exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def process(folder) -> Callable[..., subprocess.Popen[str]]:
    """Start the command as a process of its own in the working folder."""

    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "toontween.cli.app", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            **options,
        )

    return start
