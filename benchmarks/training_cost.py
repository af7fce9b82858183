"""What a training of the published size costs, counted without a GPU: operations, bytes, and from them hours.

    python benchmarks/training_cost.py [--clips 270000] [--batch 32] [--steps 50000] [--gpus 8] [--peak-tflops 989]
        [--utilisation 0.30 0.42] [--drawings 16 91]

Networks of the published size run a whole forward and backward pass on tensors without content (`FakeTensorMode`). Counted are
their operations (a multiply-add is two) and how many bytes are alive at once. Precision is that of training on a GPU:
weights and gradients float32, matrix products bfloat16, norms float32 as CUDA's autocast has them, attention fused so that no
matrix of weights is kept. What a GPU adds is not in it: workspaces of its libraries, fragments between blocks.

Utilisation is an estimate that is put in, the share of `--peak-tflops` that is reached; everything else follows by arithmetic.
Baseline: the same step with encoding and with checkpointing as the recipe has it.
"""

import argparse
import gc
import json
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModel

from toontween.checkpoints.maps import clip as clip_map
from toontween.checkpoints.maps import image_projector as projector_map
from toontween.checkpoints.maps import unet as unet_map
from toontween.checkpoints.maps import vae as vae_map
from toontween.models.discriminator import PatchDiscriminator
from toontween.models.image_projector import ImageContextProjector
from toontween.models.sketch_encoder import sketch_residuals
from toontween.models.unet import ToonUNet
from toontween.models.vae import AutoencoderKLDualReference, pair_references
from toontween.runtime import versions
from toontween.training.config import RectificationVariant
from toontween.training.denoiser_copy import encoder_for
from toontween.training.engine import supports_checkpointing
from toontween.training.selection import rectified

RESULTS = Path(__file__).parent / "results" / "training_cost.json"
FRAMES, HEIGHT_PX, WIDTH_PX = 16, 320, 512
LATENT = (4, FRAMES, HEIGHT_PX // 8, WIDTH_PX // 8)
TEXT_TOKENS, IMAGE_TOKENS, WIDTH = 77, 257, 1024
GIB = 2**30
Loss = Callable[[], Tensor]


class LiveBytes(TorchDispatchMode):
    """Bytes of all tensors that are alive, now and at most, but for those of given networks."""

    def __init__(self, *networks: nn.Module) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: weakref.WeakSet[Any] = weakref.WeakSet()
        for network in networks:
            for tensor in (*network.parameters(), *network.buffers()):
                self._seen.add(tensor.untyped_storage())

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do it, and note what it has made."""
        del types
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return made

    def _note(self, storage: Any) -> None:
        if storage in self._seen:
            return
        self._seen.add(storage)
        size = storage.nbytes()
        self.now += size
        weakref.finalize(storage, self._gone, size)
        self.peak = max(self.peak, self.now)

    def _gone(self, size: int) -> None:
        self.now -= size


@contextmanager
def as_on_a_gpu() -> Iterator[None]:
    """Norms in float32, as CUDA's autocast has them, and fused attention; in what is computed again too."""
    layer_norm, group_norm = torch.layer_norm, torch.group_norm

    def attention(q: Tensor, k: Tensor, v: Tensor, *_: Any, **__: Any) -> Tensor:
        return torch.ops.aten._scaled_dot_product_flash_attention(q, k, v)[0]  # noqa: SLF001  the fused one by name

    def layer(x: Tensor, *rest: Any, **named: Any) -> Tensor:
        return layer_norm(x.float(), *rest, **named)

    def group(x: Tensor, *rest: Any, **named: Any) -> Tensor:
        return group_norm(x.float(), *rest, **named)

    with ExitStack() as stack:
        for name, ours in (
            ("scaled_dot_product_attention", attention),
            ("layer_norm", layer),
            ("group_norm", group),
        ):
            stack.enter_context(mock.patch.object(F, name, ours))
        yield


def empty(network: nn.Module) -> nn.Module:
    """A network that was built on the meta device, with fake weights and nothing to train."""
    network.to_empty(device="cpu")
    return network.requires_grad_(requires_grad=False)


def build() -> dict[str, nn.Module]:
    """The networks of the published size, by the pipeline's names."""
    text = clip_map.text_config_from_original(clip_map.PUBLISHED)
    image = clip_map.image_config_from_original(clip_map.PUBLISHED)
    with torch.device("meta"):
        unet = ToonUNet(**unet_map.config_from_original(unet_map.PUBLISHED))
        return {
            "unet": unet,
            "image_projector": ImageContextProjector(
                **projector_map.config_from_original(projector_map.PUBLISHED)
            ),
            "vae": AutoencoderKLDualReference(**vae_map.config_from_original(vae_map.PUBLISHED)),
            "image_encoder": CLIPVisionModel(CLIPVisionConfig(**image)),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**text)),
            "sketch_encoder": encoder_for(unet),
            "discriminator": PatchDiscriminator(base_channels=64),
        }


def denoiser_loss(
    networks: dict[str, nn.Module], batch: int, variant: RectificationVariant
) -> tuple[list[nn.Module], Loss]:
    """Projector and denoiser of a rectification; the latents are there."""
    unet, projector = networks["unet"], networks["image_projector"]
    assert isinstance(unet, ToonUNet)  # noqa: S101  for the types
    for _, parameter in rectified(unet, projector, variant)["generator"]:
        parameter.requires_grad = True
    noisy = torch.empty(batch, 8, *LATENT[1:])
    tokens, text = torch.empty(batch, IMAGE_TOKENS, 1280), torch.empty(batch, TEXT_TOKENS, WIDTH)
    steps, rates = torch.empty(2, batch, dtype=torch.long)

    def loss() -> Tensor:
        context = torch.cat([text, projector(tokens).float()], dim=1)
        return unet(noisy, steps, context, motion_fps=rates).float().square().mean()

    return [unet, projector], loss


def sketch_loss(networks: dict[str, nn.Module], batch: int) -> tuple[list[nn.Module], Loss]:
    """Sketch encoder beside the frozen denoiser; latents and context are there."""
    unet, encoder = networks["unet"], networks["sketch_encoder"].requires_grad_()
    latents = torch.empty(batch, *LATENT)
    context = torch.empty(batch, TEXT_TOKENS + 16 * FRAMES, WIDTH)
    steps, rates = torch.empty(2, batch, dtype=torch.long)
    hints = torch.empty(batch, FRAMES, 1, HEIGHT_PX, WIDTH_PX)

    def loss() -> Tensor:
        residuals = sketch_residuals(
            encoder,  # pyright: ignore[reportArgumentType]  built as one above
            latents,
            timestep=steps,
            context=context,
            hints=hints,
        )
        noisy = torch.cat([latents, latents], dim=1)
        drawn = unet(noisy, steps, context, motion_fps=rates, sketch_residuals=residuals)
        return drawn.float().square().mean()

    return [unet, encoder], loss


def decoder_loss(networks: dict[str, nn.Module], batch: int) -> tuple[list[nn.Module], Loss]:
    """The dual-reference decoder and its discriminator; encoding, and a perceptual term, are not in it."""
    vae, judge = networks["vae"], networks["discriminator"]
    assert isinstance(vae, AutoencoderKLDualReference)  # noqa: S101  for the types
    vae.decoder.requires_grad_()
    judge.requires_grad_()
    latents = torch.empty(batch, *LATENT)
    truth = torch.empty(batch * FRAMES, 3, HEIGHT_PX, WIDTH_PX)
    with torch.no_grad():
        references = pair_references(vae.encode(truth[: 2 * batch]).reference_features)

    def loss() -> Tensor:
        drawn = vae.decode(latents, references).transpose(1, 2).flatten(0, 1)
        judged = judge(truth).mean() + judge(drawn.detach()).mean() + judge(drawn).mean()
        return (drawn - truth).abs().mean() + judged

    return [vae, judge], loss


def autocast_loss(loss: Loss) -> Tensor:
    """A forward pass with matrix products in bfloat16."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return loss()


def count_step(name: str, batch: int, *, checkpointing: bool) -> dict[str, Any]:
    """Operations and bytes of one forward and backward pass."""
    networks = build()
    with FakeTensorMode(allow_non_fake_inputs=True):
        networks = {key: empty(network) for key, network in networks.items()}
        if name == "decoder":
            used, loss = decoder_loss(networks, batch)
        elif name == "sketch":
            used, loss = sketch_loss(networks, batch)
        else:
            used, loss = denoiser_loss(networks, batch, name)  # pyright: ignore[reportArgumentType]
        for network in used:
            network.train()
            if checkpointing and supports_checkpointing(network):
                network.enable_gradient_checkpointing()  # pyright: ignore[reportCallIssue]
        trained = sum(p.numel() for n in used for p in n.parameters() if p.requires_grad)
        live, flop = LiveBytes(*used), FlopCounterMode(display=False)
        # one after the other: while it counts, the counter holds what would have gone
        with as_on_a_gpu(), flop:
            found = autocast_loss(loss)
            forward = flop.get_total_flops()
            found.backward()
        for network in used:
            network.zero_grad(set_to_none=True)
        del found
        gc.collect()
        with as_on_a_gpu(), live:
            found = autocast_loss(loss)
            kept = live.now
            found.backward()
    return {
        "what": name,
        "batch": batch,
        "checkpointing": checkpointing,
        "trained_millions": round(trained / 1e6, 1),
        "forward_tflop_per_sample": round(forward / batch / 1e12, 3),
        "forward_backward_tflop_per_sample": round(flop.get_total_flops() / batch / 1e12, 3),
        "kept_for_backward_gib": round(kept / GIB, 2),
        "peak_gib": round(live.peak / GIB, 2),
    }


def count_forward() -> dict[str, dict[str, float]]:
    """Parameters of each network in millions, and operations of those that only run forward, in TFLOP."""
    found: dict[str, dict[str, float]] = {}
    networks = build()
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        networks = {key: empty(network) for key, network in networks.items()}
        vae = networks["vae"]
        assert isinstance(vae, AutoencoderKLDualReference)  # noqa: S101  for the types
        calls: dict[str, Callable[[], Any]] = {
            "vae": lambda: vae.encode(torch.empty(1, 3, HEIGHT_PX, WIDTH_PX)),
            "image_encoder": lambda: networks["image_encoder"](
                pixel_values=torch.empty(1, 3, 224, 224)
            ),
            "text_encoder": lambda: networks["text_encoder"](
                input_ids=torch.zeros(1, TEXT_TOKENS, dtype=torch.long)
            ),
            "image_projector": lambda: networks["image_projector"](
                torch.empty(1, IMAGE_TOKENS, 1280)
            ),
        }
        for name, network in networks.items():
            found[name] = {"millions": round(sum(p.numel() for p in network.parameters()) / 1e6, 1)}
            if name in calls:
                with FlopCounterMode(display=False) as flop, as_on_a_gpu():
                    autocast_loss(calls[name])
                found[name]["forward_tflop"] = round(flop.get_total_flops() / 1e12, 4)
    return found


def memory(
    step: dict[str, Any], networks: dict[str, dict[str, float]], *, gpus: int
) -> dict[str, float]:
    """GiB of one GPU in a training with DDP, and of the denoiser's part with FSDP2."""
    names = ["unet", "image_projector", "vae", "image_encoder", "text_encoder"]
    names += ["sketch_encoder"] if step["what"] == "sketch" else []
    names = ["vae", "discriminator"] if step["what"] == "decoder" else names
    weights = sum(networks[name]["millions"] for name in names) * 4e6 / GIB
    trained = step["trained_millions"] * 4e6 / GIB
    found = {
        "weights": weights,
        "gradients": trained,
        "gradient_buckets_of_ddp": trained,
        "adam": 2 * trained,
        "running_means_if_wanted": trained,
        "activations_at_the_peak": step["peak_gib"],
    }
    found["ddp_without_running_means"] = sum(found.values()) - trained
    if step["what"] in ("freeze-temporal", "all"):
        sharded = (networks["unet"]["millions"] + networks["image_projector"]["millions"]) * 4e6
        whole = weights - sharded / GIB
        found["fsdp2_without_running_means"] = (
            # between micro-batches whole gradients wait on every GPU, in bfloat16
            whole + (sharded / GIB + 3 * trained) / gpus + trained / 2 + step["peak_gib"]
        )
    return {name: round(value, 2) for name, value in found.items()}


def traffic(
    step: dict[str, Any], networks: dict[str, dict[str, float]], gpus: int
) -> dict[str, float]:
    """GB that one GPU sends in an optimizer step of the recipe: two micro-batches, gradients summed once."""
    ring = (gpus - 1) / gpus
    gradients = step["trained_millions"] * 4e6 / 1e9
    found = {"ddp_all_reduce": 2 * ring * gradients, "gradients": gradients}
    if step["what"] in ("freeze-temporal", "all"):
        weights = (
            (networks["unet"]["millions"] + networks["image_projector"]["millions"]) * 2e6 / 1e9
        )
        found["fsdp2_gather_and_scatter"] = ring * (2 * 2 * weights + gradients / 2)
    return {name: round(value, 2) for name, value in found.items()}


def hours(
    step: dict[str, Any],
    networks: dict[str, dict[str, float]],
    arguments: argparse.Namespace,
    *,
    latents: bool,
) -> dict[str, Any]:
    """A whole training by arithmetic: operations, hours and data rates for each utilisation."""
    encoding = 0.0
    if step["what"] == "decoder":
        encoding = (FRAMES + 2) * networks["vae"]["forward_tflop"]
    elif not latents:
        encoding = FRAMES * networks["vae"]["forward_tflop"]
    towers = networks["image_encoder"]["forward_tflop"] + networks["text_encoder"]["forward_tflop"]
    if step["what"] == "sketch":
        towers += networks["image_projector"]["forward_tflop"]
    towers = 0.0 if step["what"] == "decoder" else towers
    sample = step["forward_backward_tflop_per_sample"] + encoding + towers
    exa = sample * arguments.batch * arguments.steps / 1e6
    found: dict[str, Any] = {
        "what": step["what"],
        "checkpointing": step["checkpointing"],
        "kept_latents": latents,
        "tflop_per_sample": round(sample, 2),
        "encoding_share": round(encoding / sample, 3),
        "eflop": round(exa, 1),
        "at": [],
    }
    for share in arguments.utilisation:
        rate = arguments.gpus * arguments.peak_tflops * share
        seconds = sample * arguments.batch / rate
        found["at"].append(
            {
                "utilisation": share,
                "seconds_per_step": round(seconds, 2),
                "hours": round(seconds * arguments.steps / 3600, 1),
                "gpu_hours": round(seconds * arguments.steps / 3600 * arguments.gpus),
                "samples_per_second": round(arguments.batch / seconds, 2),
            }
        )
    return found


def disk(
    networks: dict[str, dict[str, float]], arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """Kept latents for some lengths of clips, and what encoding them once costs against encoding at every step."""
    each = 2 * LATENT[0] * LATENT[2] * LATENT[3] * 2
    at_every_step = arguments.batch * arguments.steps * FRAMES
    return [
        {
            "drawings_per_clip": count,
            "bytes_per_drawing": each,
            "plain_gb": round(arguments.clips * count * each / 1e9, 1),
            "plain_and_mirrored_gb": round(2 * arguments.clips * count * each / 1e9, 1),
            "encode_once_eflop": round(
                2 * arguments.clips * count * networks["vae"]["forward_tflop"] / 1e6, 2
            ),
            "encode_at_every_step_eflop": round(
                at_every_step * networks["vae"]["forward_tflop"] / 1e6, 2
            ),
        }
        for count in arguments.drawings
    ]


def main() -> None:
    """Count everything, work out the rest, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=270_000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--peak-tflops", type=float, default=989.0, help="dense bfloat16, one GPU")
    parser.add_argument("--utilisation", type=float, nargs="+", default=[0.30, 0.42])
    parser.add_argument("--drawings", type=int, nargs="+", default=[16, 91])
    arguments = parser.parse_args()
    networks = count_forward()
    print(json.dumps(networks), file=sys.stderr, flush=True)
    wanted = [
        (name, batch, checkpointing)
        for name in ("freeze-temporal", "all")
        for batch, checkpointing in ((2, True), (1, False))
    ]
    wanted += [("sketch", 2, True), ("sketch", 1, False)]
    wanted += [("decoder", 1, True), ("decoder", 1, False)]
    steps = []
    for name, batch, checkpointing in wanted:
        began = time.monotonic()
        steps.append(count_step(name, batch, checkpointing=checkpointing))
        print(
            json.dumps(steps[-1]), f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
        )
    for step in steps:
        step["memory_gib"] = memory(step, networks, gpus=arguments.gpus)
        step["traffic_gb"] = traffic(step, networks, arguments.gpus)
    whole = [
        hours(step, networks, arguments, latents=latents)
        for step in steps
        if step["what"] != "decoder" and (step["batch"] == 2 or not step["checkpointing"])
        for latents in (False, True)
    ]
    whole += [hours(s, networks, arguments, latents=False) for s in steps if s["what"] == "decoder"]
    result = {
        "command": "benchmarks/training_cost.py",
        "versions": versions(),
        "arguments": vars(arguments),
        "shape": {"frames": FRAMES, "height_px": HEIGHT_PX, "width_px": WIDTH_PX},
        "networks": networks,
        "steps": steps,
        "trainings": whole,
        "latents": disk(networks, arguments),
        "clip_mb_as_bytes": round(FRAMES * 3 * HEIGHT_PX * WIDTH_PX / 1e6, 2),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(whole, indent=1))


if __name__ == "__main__":
    main()
