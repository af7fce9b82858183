"""Latents kept on disk, so that a frozen encoder sees every drawing once and not at every step.

For each shard there is one safetensors file; in it, for each clip, the posterior's moments of all its drawings, and on request
those of the mirrored drawings, as float16. A window, a stride, playing backwards and mirroring are then mere reading.
`latents.json` says which encoder made them, at which size.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float16, UInt8
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from toontween.data.shards import ShardSet
from toontween.errors import InputError, MediaError
from toontween.media.files import atomic_output, disk_errors, write_json
from toontween.media.frames import scale_and_crop
from toontween.models.vae import AutoencoderKLDualReference

MANIFEST = "latents.json"
_AT_ONCE = 16
_VIEWS = ("plain", "mirrored")


def encode_shards(
    shards: Sequence[Path],
    vae: AutoencoderKLDualReference,
    folder: Path,
    *,
    size: tuple[int, int] | None = None,
    mirrored: bool = False,
    progress: Callable[[float], None] | None = None,
) -> list[Path]:
    """Encode every clip of some shards; whole files that are there already stay.

    Args:
        shards: Shards, or folders of them.
        vae: Whose encoder; on the device to compute on.
        folder: Where to; made when it is not there.
        size: Width and height in pixels that drawings are scaled and cropped to, as `data.size` of the run will be.
        mirrored: Also encode every drawing mirrored, for runs with `data.mirror`.
        progress: Told the part done, 0…1.

    Raises:
        InputError: The folder holds latents of another encoder, size or set of shards.
        MediaError: A clip is damaged.
        OutputError: A file cannot be written.
    """
    clips = ShardSet(shards)
    manifest = {
        "made_by": "toontween data encode",
        "encoder_sha256": encoder_hash(vae),
        "size": None if size is None else list(size),
        "mirrored": mirrored,
        "clips_sha256": hashlib.sha256("\n".join(clips.keys).encode()).hexdigest(),
    }
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if (folder / MANIFEST).exists():
        different = [k for k, v in _read_manifest(folder).items() if v != manifest.get(k)]
        if different:
            raise InputError(
                f"{folder} holds other latents: {different[0]} differs", hint="use another folder"
            )
    else:
        write_json(folder / MANIFEST, manifest, overwrite=False)
    vae.eval()
    written = []
    for number, shard in enumerate(clips.shards):
        path = folder / f"{number:05d}.safetensors"
        if not path.exists():
            moments = {
                f"{clip.key}/{_VIEWS[flipped]}": _moments(
                    vae, clip.frames[:, :, ::-1] if flipped else clip.frames, size
                )
                for clip in ShardSet([shard])
                for flipped in ((False, True) if mirrored else (False,))
            }
            with atomic_output(path, overwrite=False) as temporary:
                temporary.write_bytes(save(moments))
        written.append(path)
        if progress is not None:
            progress((number + 1) / len(clips.shards))
    return written


class LatentSet:
    """Latents by the names of clips. Objects can be sent to other processes.

    Args:
        folder: Where `encode_shards` wrote them.

    Raises:
        MediaError: The folder holds none, or a file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        manifest = _read_manifest(folder)
        size = manifest["size"]
        self.size: tuple[int, int] | None = None if size is None else (size[0], size[1])
        self.mirrored: bool = manifest["mirrored"]
        self.encoder_sha256: str = manifest["encoder_sha256"]
        self._files: dict[str, Path] = {}
        for path in sorted(folder.glob("[!.]*.safetensors")):
            try:
                with safe_open(path, framework="np") as file:
                    keys = {name.partition("/")[0] for name in file.keys()}  # noqa: SIM118  not a mapping
            except (OSError, SafetensorError) as error:
                raise MediaError(f"{path} is not a readable file of latents: {error}") from error
            self._files |= dict.fromkeys(keys, path)

    def __contains__(self, key: str) -> bool:
        """Whether a clip's latents are there."""
        return key in self._files

    def read(self, key: str, taken: slice, *, mirrored: bool) -> Float16[np.ndarray, "t c h w"]:
        """Mean and logarithm of the variance, one after the other, of some drawings of a clip.

        Raises:
            MediaError: They cannot be read, or are of fewer drawings.
        """
        path = self._files[key]
        try:
            with safe_open(path, framework="np") as file:
                name = f"{key}/{_VIEWS[mirrored]}"
                found = file.get_slice(name)[taken.start : taken.stop]
        except (OSError, SafetensorError) as error:
            raise MediaError(
                f"latents of clip {key!r} in {path} cannot be read: {error}"
            ) from error
        if len(found) != taken.stop - taken.start:
            raise MediaError(f"latents of clip {key!r} in {path} lack drawings")
        return found[:: taken.step]


def encoder_hash(vae: AutoencoderKLDualReference) -> str:
    """SHA-256 over the names and values of all that encodes; what decodes may change."""
    digest = hashlib.sha256()
    for name, value in sorted(vae.state_dict().items()):
        if not name.startswith(("decoder.", "post_quant_conv.")):
            digest.update(name.encode())
            digest.update(value.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@torch.no_grad()
def _moments(
    vae: AutoencoderKLDualReference,
    frames: UInt8[np.ndarray, "t h w 3"],
    size: tuple[int, int] | None,
) -> Tensor:
    if size is not None:
        frames = np.stack([scale_and_crop(frame, size) for frame in frames])
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)
    found = []
    for some in pixels.split(_AT_ONCE):
        encoded = vae.encode(some.to(vae.device, torch.float32).div(127.5).sub(1.0).to(vae.dtype))
        found.append(torch.cat([encoded.mean, encoded.logvar], dim=1).half().cpu())
    return torch.cat(found).contiguous()


def _read_manifest(folder: Path) -> dict[str, Any]:
    hint = "make some with toontween data encode"
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MediaError(f"{folder} holds no latents: {error}", hint=hint) from error
    if not isinstance(manifest, dict) or not {"size", "mirrored", "encoder_sha256"} <= set(
        manifest
    ):
        raise MediaError(f"{folder / MANIFEST} is not of latents", hint=hint)
    return manifest
