"""The published file at its own size, 10.5 GB, converts in little memory."""

import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from tests.parity.goldens import published_shapes
from toontween.checkpoints.convert import convert_state_dict, open_checkpoint

GIB = 2**30
NEEDED_BYTES = 24 * 10**9
COMMAND = "import sys; from toontween.cli.commands.weights import app; app(sys.argv[1:])"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for the file and its conversion, emptied afterwards whatever happens."""
    if shutil.disk_usage(tmp_path).free < NEEDED_BYTES:
        pytest.skip("needs 24 GB of disk")
    yield tmp_path
    shutil.rmtree(tmp_path)


def write_published(path: Path) -> None:
    """Zeros, with two numbers by rule in each tensor; pages that are only read cost no memory."""
    tensors: dict[str, torch.Tensor] = {}
    for name, shape in published_shapes("model").items():
        values = np.zeros(shape, dtype=np.float32)
        values.flat[0] = zlib.crc32(name.encode()) % 9973
        values.flat[-1] = zlib.crc32(name.encode()) % 9967
        tensors[name] = torch.from_numpy(values)
    torch.save({"state_dict": tensors}, path)


def peak_of(process: subprocess.Popen[bytes]) -> int:
    """Most bytes of anonymous memory a process held, sampled until it ends."""
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        try:
            lines = status.read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            break
        found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")]
        peak = max(peak, *found) if found else peak
        time.sleep(0.02)
    return peak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_published_size_converts_in_less_than_six_gibibytes(room, record_property):
    source, target = room / "model.ckpt", room / "tooncrafter"
    write_published(source)
    assert source.stat().st_size > 10.5e9
    started = time.monotonic()
    command = [sys.executable, "-c", COMMAND, "convert", str(source), "--out", str(target)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        peak = peak_of(process)
    seconds = time.monotonic() - started
    record_property("peak_gib", peak / GIB)
    record_property("seconds", seconds)
    assert process.returncode == 0
    assert 0 < peak < 6 * GIB
    assert_ends_agree(source, target)
    print(f"peak {peak / GIB:.2f} GiB, {seconds:.0f} s")  # noqa: T201 the numbers are the result


def assert_ends_agree(source: Path, target: Path) -> None:
    """The first and the last number of every tensor stand where they belong."""
    for name, component in convert_state_dict(open_checkpoint(source)).components.items():
        [weights] = (target / name).glob("*.safetensors")
        with safe_open(weights, framework="pt") as file:
            assert set(file.keys()) == set(component.tensors)
            for key, tensor in component.tensors.items():
                stored = file.get_tensor(key)
                assert stored.shape == tensor.shape
                assert stored.view(-1)[[0, -1]].tolist() == tensor.reshape(-1)[[0, -1]].tolist()
