"""Tensors of TorchScript programs, read without running them."""

import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from toontween.checkpoints.convert import open_checkpoint
from toontween.checkpoints.identify import Container
from toontween.errors import CheckpointError


class Net(nn.Module):
    """Parameters, buffers, a nest, a list, a view, and what is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.heads = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 1)])
        self.register_buffer("turned", torch.arange(6.0).view(2, 3).T)
        self.sizes = [1, 2, 3]
        self.slope = 0.2

    def forward(self, x: Tensor) -> Tensor:
        """Anything that can be compiled."""
        return self.body(x)


def save(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(network).save(str(path))
    return path


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_names_and_values_are_those_of_the_state_dict(tmp_path, dtype):
    network = Net().to(dtype)
    opened = open_checkpoint(save(network, tmp_path / "net.pt"))
    assert opened.container is Container.TORCHSCRIPT
    expected = network.state_dict()
    assert set(opened) == set(expected)
    for name, value in expected.items():
        assert torch.equal(opened[name], value)


def rewritten(source: Path, target: Path, pickle: bytes) -> Path:
    """The same archive with another pickle."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle if name.endswith("/data.pkl") else old.read(name))
    return target


def test_a_program_that_would_call_something_is_refused_before_it_does(tmp_path):
    good = save(Net(), tmp_path / "net.pt")
    touched = tmp_path / "touched"
    evil = b"cposix\nsystem\n(S'touch " + str(touched).encode() + b"'\ntR."
    with pytest.raises(CheckpointError, match=r"would call posix\.system"):
        open_checkpoint(rewritten(good, tmp_path / "evil.pt", evil))
    assert not touched.exists()


@pytest.mark.parametrize("pickle", [b"", b"\x80\x02}q\x00.", b"\x80\x02garbage"])
def test_a_damaged_program_is_said_to_be_damaged(tmp_path, pickle):
    good = save(Net(), tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match="TorchScript program"):
        open_checkpoint(rewritten(good, tmp_path / "bad.pt", pickle))


def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(tmp_path):
    good, bad = save(Net(), tmp_path / "net.pt"), tmp_path / "short.pt"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[:4] if "/data/" in name else content)
    with pytest.raises(CheckpointError, match="shorter than the index says"):
        open_checkpoint(bad)
