"""The whole surface of the command line, frozen: a change here is a change for every user."""

import os
import subprocess
import sys

import typer

from toontween.cli.app import app

SURFACE = {
    "": {"--version", "--debug"},
    "render": {
        "keys",
        "--out",
        "-o",
        "--method",
        "--model",
        "--count",
        "--on",
        "--fps",
        "--sketch",
        "--prompt",
        "--seed",
        "--set",
        "--line-art",
        "--binary",
        "--lock-palette",
        "--lock-lines",
        "--fit",
        "--device",
        "--overwrite",
        "--json",
        "--quiet",
    },
    "colorize": {
        "references",
        "sketches",
        "--out",
        "-o",
        "--at",
        "--lock-palette",
        "--prompt",
        "--seed",
        "--model",
        "--set",
        "--on",
        "--fps",
        "--fit",
        "--device",
        "--overwrite",
        "--json",
        "--quiet",
    },
    "evaluate": {
        "suite",
        "--out",
        "-o",
        "--methods",
        "--drawn",
        "--measures",
        "--set",
        "--weights",
        "--frames",
        "--size",
        "--clips",
        "--device",
        "--seed",
        "--paper-table",
        "--workers",
        "--json",
        "--quiet",
    },
    "train": {"recipe", "--set", "--out", "-o", "--show", "--launch-file", "--json", "--quiet"},
    "doctor": {"--json"},
    "data": set(),
    "data compose": {
        "folder",
        "--out",
        "-o",
        "--clips",
        "--frames",
        "--size",
        "--seed",
        "--split",
        "--cache",
        "--workers",
        "--plain",
        "--json",
        "--quiet",
    },
    "data curate": {
        "sources",
        "--out",
        "-o",
        "--size",
        "--frames",
        "--longest",
        "--fps",
        "--at-least",
        "--at-most",
        "--weights",
        "--plug",
        "--workers",
        "--json",
        "--quiet",
    },
    "data encode": {
        "shards",
        "--vae",
        "--out",
        "-o",
        "--size",
        "--mirrored",
        "--device",
        "--json",
        "--quiet",
    },
    "data inspect": {
        "shards",
        "--out",
        "-o",
        "--clips",
        "--overwrite",
        "--json",
        "--quiet",
    },
    "data synth": {
        "--out",
        "-o",
        "--seed",
        "--clips",
        "--frames",
        "--size",
        "--look",
        "--fps",
        "--clips-per-shard",
        "--workers",
        "--pictures",
        "--json",
        "--quiet",
    },
    "sketch": set(),
    "sketch extract": {
        "source",
        "--out",
        "-o",
        "--method",
        "--weights",
        "--weight",
        "--binary",
        "--despeckle",
        "--colours",
        "--ground",
        "--fps",
        "--set",
        "--device",
        "--overwrite",
        "--json",
        "--quiet",
    },
    "sketch preview": {
        "sketches",
        "--out",
        "-o",
        "--key",
        "--size",
        "--ground",
        "--fit",
        "--strokes",
        "--overwrite",
        "--json",
        "--quiet",
    },
    "study": set(),
    "study make": {
        "report",
        "--out",
        "-o",
        "--methods",
        "--clips",
        "--pairs-per-voter",
        "--catch-trials",
        "--show-truth",
        "--fps",
        "--send-to",
        "--seed",
        "--json",
        "--quiet",
    },
    "study count": {"study", "votes", "--out", "-o", "--forgive", "--json", "--quiet"},
    "weights": set(),
    "weights list": {"--json"},
    "weights pull": {"name", "--file", "--dtype", "--overwrite", "--json"},
    "weights convert": {
        "file",
        "--out",
        "-o",
        "--config",
        "--tokenizer",
        "--dtype",
        "--overwrite",
        "--json",
    },
    "weights verify": {"model", "--json"},
}

HEAVY = {"torch", "diffusers", "transformers", "cv2", "av", "numpy", "PIL", "safetensors"}


def walk(command, path=()):
    """Every command's path with its options and arguments."""
    flags: set[str] = set()
    for parameter in command.params:
        is_option = parameter.param_type_name == "option"
        flags |= set(parameter.opts) if is_option else {parameter.name}
    yield " ".join(path), flags - {"--help"}
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


def test_commands_and_flags_are_exactly_these():
    assert dict(walk(typer.main.get_command(app))) == SURFACE


def test_every_help_text_ends_with_an_example_that_can_be_run():
    for path, command in walk_commands(typer.main.get_command(app)):
        help_text = (command.help or "").strip()
        last = help_text.splitlines()[-1]
        assert last.startswith(f"Example: `toontween {path}".rstrip()), path


def walk_commands(command, path=()):
    yield " ".join(path), command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk_commands(child, (*path, name))


def test_help_loads_nothing_heavy_and_is_quick():
    code = (
        "import sys, toontween\n"
        "from toontween.cli.app import run\n"
        "assert run(['--help']) == 0\n"
        "assert run(['render', '--help']) == 0\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"
    assert "in-betweens" in done.stdout
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    assert (
        used < 1.5
    )  # seconds of processor time for two help pages; about 0.4 when the machine is idle


def test_the_version_is_printed(toontween):
    code, out, _ = toontween("--version")
    assert code == 0
    assert out.startswith("toontween ")


def test_no_command_shows_the_help(toontween):
    _, out, err = toontween()
    assert "render" in out + err


def test_an_unknown_command_is_an_error_of_the_user(toontween):
    code, out, err = toontween("rendre")
    assert code == 2
    assert out == ""
    assert "rendre" in err
    assert "Traceback" not in err


def test_an_unknown_flag_is_an_error_of_the_user(toontween):
    code, _, err = toontween("render", "A.png", "B.png", "-o", "out.mp4", "--speed", "3")
    assert code == 2
    assert "--speed" in err
