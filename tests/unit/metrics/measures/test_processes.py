"""Two processes measure different clips; one of a second pair has none."""

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing

from tests.unit.metrics.measures.clips import grainy, truth
from toontween.metrics.measures.pictures import PsnrMeasure

SIGMAS = (1.0, 3.0, 9.0)
SHARES = {"uneven": ((0, 1), (2,)), "one empty": ((), (0, 1, 2))}


def measure_share(rank: int, folder: Path, shares: tuple[tuple[int, ...], ...]) -> None:
    """What each process does: measure its share, gather, and write what it finds."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'store'}", rank=rank, world_size=len(shares)
    )
    measure = PsnrMeasure()
    for number in shares[rank]:
        measure.update(grainy(truth(4), SIGMAS[number]), truth(4))
    mean = measure.compute()["psnr_db"]
    with measure.sync_context():
        every = measure.per_clip()["psnr_db"]
    torch.save((mean, every, len(measure.per_clip()["psnr_db"])), folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("shares", SHARES.values(), ids=SHARES)
def test_processes_find_the_same_as_one_alone(tmp_path, shares):
    alone = PsnrMeasure()
    for sigma in SIGMAS:
        alone.update(grainy(truth(4), sigma), truth(4))
    multiprocessing.spawn(measure_share, (tmp_path, shares), nprocs=len(shares))
    for rank, share in enumerate(shares):
        mean, every, kept = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert float(mean) == pytest.approx(float(alone.compute()["psnr_db"]), rel=1e-12)
        assert every.tolist() == alone.per_clip()["psnr_db"].tolist()
        assert kept == len(share)
