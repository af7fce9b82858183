"""What a run leaves to look at: a line a step for programs, curves for TensorBoard, strips of drawings."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from einops import rearrange
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from toontween.media.files import atomic_output

_MOST_STRIPS = 8


class Record:
    """`record.jsonl` and TensorBoard's files of a run.

    Lines of steps that will be taken again, because the run was killed after them, are removed.

    Args:
        folder: The run's.
        first_step: From where the run goes on.
    """

    def __init__(self, folder: Path, *, first_step: int) -> None:
        self._path = folder / "record.jsonl"
        self._folder = folder
        _cut(self._path, first_step)
        self._file = self._path.open("a", encoding="utf-8")
        self._curves = SummaryWriter(str(folder / "tensorboard"), purge_step=first_step)

    def add(self, step: int, kind: str, values: Mapping[str, Any]) -> None:
        """Write a line, and a point of a curve for every number in it."""
        line = json.dumps({"step": step, "kind": kind, **values}, ensure_ascii=False)
        self._file.write(line + "\n")
        self._file.flush()
        for name, value in values.items():
            if isinstance(value, float):
                self._curves.add_scalar(f"{kind}/{name}", value, step)

    def strips(
        self,
        step: int,
        drawn: Float[Tensor, "b t 3 h w"],
        truth: Float[Tensor, "b t 3 h w"],
    ) -> Path:
        """Write true and drawn clips under each other as one picture; both in 0…1."""
        folder = self._folder / "strips"
        folder.mkdir(exist_ok=True)
        rows = np.stack([_levels(truth), _levels(drawn)], axis=1)[:_MOST_STRIPS]
        sheet = rearrange(rows, "b k t h w c -> (b k h) (t w) c")
        path = folder / f"{step:08d}.png"
        with atomic_output(path, overwrite=True) as temporary:
            Image.fromarray(sheet).save(temporary)
        return path

    def close(self) -> None:
        """Flush and close everything."""
        os.fsync(self._file.fileno())
        self._file.close()
        self._curves.close()


def read_record(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The lines of one kind, `train` or `validation`, in order."""
    text = (folder / "record.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["kind"] == kind]


def _levels(clips: Float[Tensor, "b t 3 h w"]) -> np.ndarray:
    pictures = clips.float().clamp(0, 1).mul(255).round().byte()
    return rearrange(pictures.cpu().numpy(), "b t c h w -> b t h w c")


def _cut(path: Path, first_step: int) -> None:
    """Keep whole lines of steps done before; a killed run may have left half a line."""
    if not path.exists():
        return
    kept: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        try:
            step = json.loads(line)["step"]
        except (ValueError, KeyError, TypeError):
            continue
        if step <= first_step:
            kept.append(line + "\n")
    with atomic_output(path, overwrite=True) as temporary:
        temporary.write_text("".join(kept), "utf-8")
