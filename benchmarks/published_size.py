"""One UNet forward and one decode at the published size on this machine.

    python benchmarks/published_size.py [--device cpu|cuda] [--dtype float32] [--parts unet decode] [--frames 16]

Baseline: the machine's own matrix-product rate, measured in the same run; the ratio says how much of it a network uses.
Every part runs in a process of its own, so that peak memory belongs to it alone. Weights are random.
Operations are counted on the meta device (a multiply-add is two).
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch
from torch.utils.flop_counter import FlopCounterMode

from toontween.checkpoints.maps import unet as unet_map
from toontween.checkpoints.maps import vae as vae_map
from toontween.models.unet import ToonUNet
from toontween.models.vae import AutoencoderKLDualReference
from toontween.runtime import versions

HEIGHT_PX, WIDTH_PX = 320, 512
RESULTS = Path(__file__).parent / "results" / "published_size.json"
Part = tuple[torch.nn.Module, Callable[[torch.nn.Module], Any]]


def noise(shape: tuple[int, ...], device: str, dtype: torch.dtype) -> torch.Tensor:
    """Reproducible noise; an empty tensor on the meta device."""
    if device == "meta":
        return torch.empty(shape, device=device, dtype=dtype)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device, dtype)


def unet_part(device: str, dtype: torch.dtype, frames: int) -> Part:
    """The denoiser and its call."""
    with torch.device(device):
        network = ToonUNet(**unet_map.config_from_original(unet_map.PUBLISHED)).to(dtype).eval()
    sample = noise((1, 8, frames, HEIGHT_PX // 8, WIDTH_PX // 8), device, dtype)
    context = noise((1, 77 + 16 * frames, 1024), device, dtype)
    timestep = torch.tensor([519], device=device)
    motion_fps = torch.tensor([10], device=device)
    return network, lambda net: net(sample, timestep, context, motion_fps)


def decode_part(device: str, dtype: torch.dtype, frames: int) -> Part:
    """The dual-reference decoder and its call."""
    with torch.device(device):
        network = (
            AutoencoderKLDualReference(**vae_map.config_from_original(vae_map.PUBLISHED))
            .to(dtype)
            .eval()
        )
    latents = noise((1, 4, frames, HEIGHT_PX // 8, WIDTH_PX // 8), device, dtype)
    keys = noise((2, 3, HEIGHT_PX, WIDTH_PX), device, dtype).clamp(-1, 1)
    with torch.inference_mode():
        encoded = network.encode(keys)
    references = tuple(f.transpose(0, 1)[None] for f in encoded.reference_features)
    return network, lambda net: net.decode(latents, references)


PARTS = {"unet": unet_part, "decode": decode_part}


def matrix_rate(device: str, dtype: torch.dtype) -> float:
    """Best rate of three products of 4096×4096 matrices, in GFLOP/s."""
    a, b = noise((4096, 4096), device, dtype), noise((4096, 4096), device, dtype)
    best = min(seconds_of(lambda: a @ b, device) for _ in range(3))
    return 2 * 4096**3 / best / 1e9


def seconds_of(call: Callable[[], Any], device: str) -> float:
    """Wall time of one call, the device's queue included."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - start


def count_tflop(part: str, frames: int) -> float:
    """Operations of one call, in TFLOP."""
    network, call = PARTS[part]("meta", torch.float32, frames)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        call(network)
    return counter.get_total_flops() / 1e12


def measure(part: str, device: str, dtype: torch.dtype, frames: int) -> dict[str, Any]:
    """Time and memory of one part in this process."""
    tflop = count_tflop(part, frames)
    rate_before = matrix_rate(device, dtype)
    network, call = PARTS[part](device, dtype, frames)
    with torch.inference_mode():
        if device.startswith("cuda"):
            call(network)
            torch.cuda.reset_peak_memory_stats()
        seconds = seconds_of(lambda: call(network), device)
    rate = max(rate_before, matrix_rate(device, dtype))
    peak = torch.cuda.max_memory_allocated() if device.startswith("cuda") else peak_rss()
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    return {
        "part": part,
        "frames": frames,
        "seconds": round(seconds, 2),
        "tflop": round(tflop, 3),
        "gflop_per_s": round(tflop * 1e3 / seconds, 1),
        "matrix_product_gflop_per_s": round(rate, 1),
        "share_of_matrix_product_rate": round(tflop * 1e3 / seconds / rate, 3),
        "peak_gib": round(peak / 2**30, 2),
        "weights_gib": round(weights / 2**30, 2),
    }


def peak_rss() -> int:
    """Peak resident memory of this process in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Measure every part in a process of its own and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--only", choices=list(PARTS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        dtype = getattr(torch, args.dtype)
        print(json.dumps(measure(args.only, args.device, dtype, args.frames)))
        return
    rows = []
    for part in args.parts:
        command = [sys.executable, __file__, "--only", part, "--device", args.device]
        command += ["--dtype", args.dtype, "--frames", str(args.frames)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(json.dumps(rows[-1]), flush=True)
    machine = {"device": args.device, "dtype": args.dtype, "threads": torch.get_num_threads()}
    machine |= {"machine": platform.machine(), "load": psutil.getloadavg()[0], **versions()}
    target = RESULTS.with_stem(f"published_size_{args.device}_{args.dtype}")
    target.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
