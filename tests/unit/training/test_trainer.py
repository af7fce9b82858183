"""A run survives being killed, repeats itself exactly, and says what it leaves out."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.unit.training.tiny_runs import sliding_square, tiny_run, write_squares
from toontween.data.shards import write_shards
from toontween.errors import InputError, OutputError, TrainingError
from toontween.media.files import write_json
from toontween.training import checkpoints
from toontween.training.batches import Sample, SampleSet
from toontween.training.config import RunConfig, config_to_dict
from toontween.training.objectives import video
from toontween.training.records import read_record
from toontween.training.trainer import train


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


@pytest.fixture(scope="module")
def unbroken(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    train(tiny_run(squares, ema_decay=0.9), folder)
    return folder


def losses(folder: Path) -> dict[int, float]:
    return {line["step"]: line["loss/generator"] for line in read_record(folder, "train")}


def weights(folder: Path, stem: str = "weights") -> dict[str, torch.Tensor]:
    return load_file(folder / "checkpoints" / "step-00000006" / f"{stem}.safetensors")


def assert_same(ours: Path, theirs: Path) -> None:
    assert losses(ours) == losses(theirs)
    for stem in ("weights", "optimizer", "ema"):
        mine, other = weights(ours, stem), weights(theirs, stem)
        assert mine.keys() == other.keys()
        assert all(torch.equal(mine[name], other[name]) for name in mine), stem


def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    squares: Path, unbroken: Path, tmp_path: Path
) -> None:
    run = tiny_run(squares, ema_decay=0.9)
    shorter = dataclasses.replace(run, loop=dataclasses.replace(run.loop, steps=3))
    assert train(shorter, tmp_path).steps == 3
    said: list[str] = []
    assert train(run, tmp_path, tell=said.append).steps == 6
    assert said == ["going on after step 3"]
    assert_same(tmp_path, unbroken)


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    squares: Path, unbroken: Path, tmp_path: Path
) -> None:
    run = tiny_run(squares, ema_decay=0.9)
    folder = tmp_path / "run"
    write_json(tmp_path / "run.json", config_to_dict(run), overwrite=False)
    # slow enough to be met in the middle of the work
    program = (
        "import sys, time; from pathlib import Path;"
        "from toontween.training import trainer; from toontween.training.config import read_config;"
        "trainer.Engine.step = (lambda old: lambda s: (time.sleep(.4), old(s))[1])(trainer.Engine.step);"
        "trainer.train(read_config(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        program,
        str(tmp_path / "run.json"),
        str(folder),
    ]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 120
    while checkpoints.latest_checkpoint(folder) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert checkpoints.latest_checkpoint(folder) is not None
    assert not (folder / "model").exists()
    with (folder / "record.jsonl").open("a") as record:
        record.write('{"step": 5, "ki')  # half a line, as a kill may leave it
    train(run, folder)
    assert losses(folder).keys() == losses(unbroken).keys()
    # another process may have used another number of threads
    np.testing.assert_allclose(
        list(losses(folder).values()), list(losses(unbroken).values()), rtol=1e-5
    )


def test_micro_batches_give_the_same_step(squares: Path, unbroken: Path, tmp_path: Path) -> None:
    train(tiny_run(squares, ema_decay=0.9, micro_batch_size=1), tmp_path)
    np.testing.assert_allclose(
        list(losses(tmp_path).values()), list(losses(unbroken).values()), rtol=1e-4
    )


def test_computing_activations_again_gives_the_same_step(
    squares: Path, unbroken: Path, tmp_path: Path
) -> None:
    # the projector cannot, the denoiser can
    train(tiny_run(squares, ema_decay=0.9, gradient_checkpointing=True), tmp_path)
    np.testing.assert_allclose(
        list(losses(tmp_path).values()), list(losses(unbroken).values()), rtol=1e-5
    )


def test_a_finished_run_gives_its_model_again(squares: Path, unbroken: Path) -> None:
    before = weights(unbroken)
    result = train(tiny_run(squares, ema_decay=0.9), unbroken)
    assert result.finished
    assert result.model == unbroken / "model"
    assert all(torch.equal(before[name], value) for name, value in weights(unbroken).items())


def test_a_finished_run_is_measured_once(squares: Path, tmp_path: Path) -> None:
    run = tiny_run(squares, validation=squares, steps=2, validate_every=1)
    first = train(run, tmp_path)
    again = train(run, tmp_path)
    assert first.measures == again.measures
    assert first.measures.keys() >= {"velocity", "velocity_error", "psnr", "motion"}
    assert [line["step"] for line in read_record(tmp_path, "validation")] == [1, 2]
    assert (tmp_path / "strips" / "00000002.png").is_file()


def test_the_record_says_what_share_of_the_time_waits_for_data(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tiny_run(squares, steps=4), tmp_path / "quick")
    read = SampleSet.__getitem__

    def slowly(self: SampleSet, number: int) -> Sample:
        time.sleep(1.0)
        return read(self, number)

    monkeypatch.setattr(SampleSet, "__getitem__", slowly)
    train(tiny_run(squares, steps=4, micro_batch_size=1), tmp_path / "slow")
    quick = [line["waiting"] for line in read_record(tmp_path / "quick", "train")]
    slow = read_record(tmp_path / "slow", "train")
    assert all(0 < share < 0.5 for share in quick[1:])
    for line in slow[1:]:
        # two samples of a second each, whatever else a step takes
        assert line["waiting"] * 2 / line["samples_per_second"] == pytest.approx(2.0, abs=0.3)


def test_another_run_in_the_same_folder_is_refused(squares: Path, unbroken: Path) -> None:
    other = dataclasses.replace(tiny_run(squares, ema_decay=0.9), seed=2)
    with pytest.raises(InputError, match="holds another run: 'seed' differs"):
        train(other, unbroken)


def test_a_full_disk_leaves_the_last_checkpoint(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    real = checkpoints.save_file

    def save(tensors: dict[str, torch.Tensor], path: Path) -> None:
        if saved.count(1) >= 2 * 2:
            raise OSError(28, "No space left on device", str(path))
        saved.append(1)
        real(tensors, path)

    monkeypatch.setattr(checkpoints, "save_file", save)
    with pytest.raises(OutputError, match="the disk is full"):
        train(tiny_run(squares), tmp_path)
    monkeypatch.undo()
    left = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert left == ["step-00000002", "step-00000004"]
    assert train(tiny_run(squares), tmp_path).finished


def test_a_damaged_clip_is_named_and_left_out(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    write_squares(shards, count=4)
    shard = shards / "00000.tar"
    content = bytearray(shard.read_bytes())
    place = content.index(b"square-2.npz") + 700
    content[place : place + 64] = bytes(64)
    shard.write_bytes(content)
    said: list[str] = []
    assert train(tiny_run(shards), tmp_path / "run", tell=said.append).finished
    assert any("'square-2' is damaged" in line and "00000.tar" in line for line in said)
    stop = tiny_run(shards)
    stop = dataclasses.replace(stop, data=dataclasses.replace(stop.data, on_damaged="stop"))
    with pytest.raises(InputError, match="'square-2' is damaged"):
        train(stop, tmp_path / "stopped")


def poisoned(run: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    real = video.velocity_loss

    def loss(predicted: torch.Tensor, target: video.Noised) -> tuple[torch.Tensor, torch.Tensor]:
        found, errors = real(predicted, target)
        return (found * float("nan"), errors) if poison[0] == 2 else (found, errors)

    poison = [0]
    step = video.VideoObjective.losses

    def counted(self: video.VideoObjective, *args: object, **kwargs: object) -> object:
        poison[0] = int(kwargs["step"])  # pyright: ignore[reportArgumentType]
        return step(self, *args, **kwargs)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(video, "velocity_loss", loss)
    monkeypatch.setattr(video.VideoObjective, "losses", counted)


def test_a_loss_that_is_no_number_is_named(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run(squares)
    poisoned(run, monkeypatch)
    with pytest.raises(TrainingError, match=r"of clips square-\d+, square-\d+ in step 2"):
        train(run, tmp_path / "stopped")
    skipping = tiny_run(squares, on_nan="skip")
    said: list[str] = []
    assert train(skipping, tmp_path / "skipped", tell=said.append).finished
    assert len(said) == 1
    assert "left out" in said[0]
    assert all(torch.isfinite(value).all() for value in weights(tmp_path / "skipped").values())


def test_clips_that_are_too_short_are_named(tmp_path: Path) -> None:
    write_shards([sliding_square(0, frames=3)], tmp_path / "shards")
    with pytest.raises(InputError, match="'square-0' has 3 drawings, 4 are needed"):
        train(tiny_run(tmp_path / "shards"), tmp_path / "run")
