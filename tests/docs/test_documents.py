"""Documents that cannot rot: examples run, links lead somewhere, the public door is what it says."""

import re
import runpy
from pathlib import Path

import pytest

import toontween

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")


def python_examples():
    for page in PAGES:
        blocks = [m for m in FENCE.finditer(page.read_text()) if m[1] == "python"]
        runnable = [m[3] for m in blocks if "notest" not in m[2]]
        if runnable:
            yield pytest.param("\n".join(runnable), id=str(page.relative_to(ROOT)))


@pytest.mark.parametrize("source", list(python_examples()))
def test_the_python_examples_of_a_page_run(source, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(source, "page", "exec"), {})  # noqa: S102 - the project's own pages


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page):
    missing = [t for t in LINK.findall(page.read_text()) if not (page.parent / t).exists()]
    assert not missing


def test_the_public_names_are_few_sorted_and_there():
    names = toontween.__all__
    assert names == sorted(names)
    assert len(names) <= 15
    assert all(getattr(toontween, name) is not None for name in names)


def test_the_command_reference_is_what_the_program_says():
    generated = runpy.run_path(str(ROOT / "docs/reference/generate.py"))["render_page"]()
    assert (ROOT / "docs/reference/cli.md").read_text() == generated, "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_commands_of_a_page_exist(page):
    reference = (ROOT / "docs/reference/cli.md").read_text()
    for line in re.findall(r"^\$ (toontween [^#\n]*)", page.read_text(), re.MULTILINE):
        if "[OPTIONS]" in line:
            continue
        words = re.match(r"toontween ((?:[a-z]+ ?)+)", line)
        flags = re.findall(r"(?<= )(--[a-z]+)", line)
        assert words is None or f"## `toontween {words[1].split()[0]}" in reference
        assert all(f"`{flag}" in reference or f", {flag}" in reference for flag in flags), line
