"""FVD and KVD of clips that two processes measured, gathered through torch.distributed."""

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing

from tests.unit.metrics.small_i3d import SmallI3D, clips
from toontween.metrics.video.features import I3DFeatures
from toontween.metrics.video.kvd import KernelVideoDistance

SPLITS = {"even": (3, 3), "uneven": (4, 2), "all in one": (6, 0)}


def measure_share(rank: int, folder: str, split: tuple[int, int]) -> None:
    """What each process does; the value it finds is left in a file."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    measure = KernelVideoDistance(I3DFeatures(SmallI3D()))
    start = split[0] * rank
    share = slice(start, start + split[rank])
    measure.update(clips(6)[share], clips(6, seed=1)[share])
    value = float(measure.compute())
    found = {"value": value, "protocol": measure.protocol.record()}
    torch.save(found, Path(folder) / f"found-{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_every_process_finds_the_distance_of_all_clips(split, tmp_path):
    alone = KernelVideoDistance(I3DFeatures(SmallI3D()))
    alone.update(clips(6), clips(6, seed=1))
    value = float(alone.compute())
    multiprocessing.spawn(measure_share, (str(tmp_path), split), nprocs=2)
    for rank in range(2):
        found = torch.load(tmp_path / f"found-{rank}.pt", weights_only=True)
        assert found["value"] == pytest.approx(value, rel=1e-6)
        assert found["protocol"] == alone.protocol.record()
