"""One small checkpoint for all tests of this folder."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.unit.checkpoints.by_rule import TINY, published_tensors
from toontween.checkpoints.folder import convert_file


@pytest.fixture(scope="session")
def tiny_tensors() -> dict[str, Tensor]:
    return published_tensors()


@pytest.fixture(scope="session")
def tiny_file(tiny_tensors: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "model.ckpt"
    torch.save({"state_dict": tiny_tensors, "global_step": 3}, path)
    return path


@pytest.fixture(scope="session")
def tiny_folder(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted") / "model"
    convert_file(tiny_file, folder, config=TINY)
    return folder
