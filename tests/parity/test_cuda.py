"""The same numbers on a CUDA device as on the CPU."""

import numpy as np
import pytest
import torch

from tests.tiny_pipeline import build_tiny_pipeline, line_sketch


@pytest.mark.gpu
@pytest.mark.parametrize("sketched", [False, True], ids=["plain", "sketched"])
def test_a_run_on_cuda_gives_the_numbers_of_the_cpu(sketched):
    first, last = (np.random.default_rng(n).random((32, 48, 3), np.float32) for n in (1, 2))
    sketches = {2: line_sketch(3)} if sketched else None

    def run(device: str) -> torch.Tensor:
        pipe = build_tiny_pipeline().to(device)
        pipe.set_progress_bar_config(disable=True)
        return pipe(
            torch.from_numpy(first).permute(2, 0, 1),
            torch.from_numpy(last).permute(2, 0, 1),
            num_frames=6,
            num_inference_steps=4,
            sketches=sketches,
            generator=torch.Generator().manual_seed(5),
            output_type="latent",
        ).frames

    torch.testing.assert_close(run("cuda").cpu(), run("cpu"), atol=2e-3, rtol=0)
