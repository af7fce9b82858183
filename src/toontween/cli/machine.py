"""What `toontween doctor` finds out: devices, memory, encoders, methods, models, and a guess at speed."""

import time
from typing import Any

from toontween.errors import UnavailableError
from toontween.runtime import pick_device, versions

CLIP_TFLOP = 1343.2
"""Arithmetic of one published clip: 16 frames of 320×512, 50 guided steps (100 × 12.603) and two decodes."""

UTILISATION = {"cpu": 0.5, "cuda": 0.42, "mps": 0.3}
"""Share of the matrix-product rate that the whole clip reaches; guessed but on CPU, where the original was measured at
0.46–0.57 and single passes of ours at 0.63–0.70 in one run: the lower figure keeps the estimate cautious."""

MEMORY_GB = {"float32": 21.0, "bfloat16": 12.0}
"""Weights (10.5 and 5.3 GB) and the decoder's peak, which is larger than the denoiser's."""

_MATRIX_SIZE = 2048
_MEASURING_S = 1.0


def examine() -> dict[str, Any]:
    """All findings, ready for JSON."""
    return {
        "machine": _machine(),
        "versions": versions(),
        "formats": _formats(),
        "methods": _methods(),
        "models": _models(),
        "estimate": _estimate(),
    }


def _machine() -> dict[str, Any]:
    import psutil
    import torch

    memory = psutil.virtual_memory()
    graphics = [
        {"kind": "cuda", "name": torch.cuda.get_device_name(index)}
        for index in range(torch.cuda.device_count())
    ]
    if torch.backends.mps.is_available():
        graphics.append({"kind": "mps", "name": "Apple GPU"})
    return {
        "cores": psutil.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_total_gb": _gigabytes(memory.total),
        "memory_free_gb": _gigabytes(memory.available),
        "graphics": graphics,
    }


def _formats() -> dict[str, bool]:
    from toontween.media.video import available_encoders

    return available_encoders()


def _methods() -> list[dict[str, Any]]:
    """Every method of the catalogue, built as `render` would build it."""
    from toontween.interpolators.catalog import METHODS, build

    rows: list[dict[str, Any]] = []
    for name in METHODS:
        try:
            build(name)
        except UnavailableError as error:
            rows.append(
                {"name": name, "ready": False, "missing": error.message, "remedy": error.hint}
            )
        else:
            rows.append({"name": name, "ready": True})
    return rows


def _models() -> list[dict[str, Any]]:
    from toontween.checkpoints.loading import resolve_model
    from toontween.checkpoints.published.catalogue import MODELS

    rows: list[dict[str, Any]] = []
    for name, model in MODELS.items():
        try:
            folder = resolve_model(name, contents=model.contents)
            rows.append({"name": name, "ready": True, "folder": str(folder)})
        except UnavailableError as error:
            rows.append(
                {"name": name, "ready": False, "missing": error.message, "remedy": error.hint}
            )
    return rows


def _estimate() -> dict[str, Any]:
    """Seconds and memory of one published clip, from a measured matrix product."""
    device = pick_device()
    dtype = "bfloat16" if device.type == "cuda" else "float32"
    gflops = _matrix_product_gflops(device.type, dtype)
    free_gb = _free_memory_gb(device.type)
    return {
        "device": device.type,
        "dtype": dtype,
        "measured_gflops": round(gflops),
        "seconds": round(CLIP_TFLOP * 1000 / (gflops * UTILISATION[device.type])),
        "memory_gb": MEMORY_GB[dtype],
        "memory_free_gb": free_gb,
        "fits": free_gb >= MEMORY_GB[dtype],
    }


def _matrix_product_gflops(device: str, dtype: str) -> float:
    import torch

    size = _MATRIX_SIZE
    a = torch.ones(size, size, device=device, dtype=getattr(torch, dtype))
    best, begin = float("inf"), time.perf_counter()
    while time.perf_counter() - begin < _MEASURING_S:
        start = time.perf_counter()
        float((a @ a)[0, 0])  # reading a value waits for the device
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def _free_memory_gb(device: str) -> float:
    import psutil
    import torch

    if device == "cuda":
        return _gigabytes(torch.cuda.mem_get_info()[0])
    return _gigabytes(psutil.virtual_memory().available)


def _gigabytes(size: int) -> float:
    return round(size / 1e9, 1)
