"""What a run is: plain values in dataclasses, written beside its results and read back to repeat it."""

import dataclasses
import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from toontween.errors import InputError, MediaError, UnknownNameError

RectificationVariant = Literal[
    "pretrained", "all", "bypass-temporal", "freeze-temporal", "projector-only"
]
"""The paper's table 3 in its order: nothing trained; projector and whole denoiser; projector and spatial layers with the
temporal ones left out of the training forward; the same with them frozen but active (the method); the projector alone."""


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which clips are shown, and how."""

    shards: tuple[str, ...] = ()
    """Shards, or folders of them."""

    validation: tuple[str, ...] = ()
    """Shards held out, for measures and strips; () for none."""

    latents: str | None = None
    """A folder where `toontween data encode` put the latents of the shards; None encodes at every step."""

    num_frames: int = 16
    """Drawings of a training clip."""

    size: tuple[int, int] | None = None
    """Width and height in pixels that clips are scaled and cropped to; None when they all have the size to train at."""

    crop: tuple[int, int] | None = None
    """Width and height in pixels of a window that is cut out of every training clip; None shows all of it."""

    crop_tries: int = 1
    """Random places looked at for it: the one where the drawings change most is taken."""

    strides: tuple[int, ...] = (1,)
    """Every how-manieth drawing is taken, chosen at random among these as far as a clip is long enough."""

    mirror: float = 0.0
    """Share of the samples that are mirrored left to right, 0…1."""

    reverse: float = 0.0
    """Share of the samples that are played backwards, 0…1."""

    workers: int = 1
    """Processes that read clips; 0 reads in the training process."""

    on_damaged: Literal["skip", "stop"] = "skip"
    """What to do about a clip that cannot be read: take the next one and say its name, or stop."""


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW and its schedule. The defaults are those of the published recipe."""

    learning_rate: float = 1e-5
    """After the warm-up."""

    group_rates: dict[str, float] = field(default_factory=dict)
    """Learning rates of single groups (such as `discriminator`) that differ from it."""

    betas: tuple[float, float] = (0.9, 0.999)
    """Decay of the running moments."""

    eps: float = 1e-8
    """Added to the denominator."""

    weight_decay: float = 0.01
    """Decoupled."""

    warmup_steps: int = 0
    """Steps over which the rate rises from 0."""

    decay: Literal["constant", "cosine"] = "constant"
    """What the rate does after the warm-up; cosine falls to a hundredth at the last step."""

    clip_norm: float = 0.5
    """Longest allowed gradient, all groups together; 0 does not clip."""


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long, how large, how often."""

    steps: int = 50_000
    """Optimizer steps in all."""

    batch_size: int = 32
    """Samples of an optimizer step over all processes."""

    micro_batch_size: int = 0
    """Samples of a forward pass of one process; the rest is accumulated. 0: as many as there are."""

    precision: Literal["no", "bf16", "fp16"] = "no"
    """Of the forward pass; weights and optimizer stay float32."""

    ema_decay: float = 0.0
    """Of the running mean of the weights that is measured and exported; 0 for none."""

    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass to save memory."""

    compile: bool = False
    """Compile the networks' forward passes."""

    save_every: int = 1000
    """Steps between checkpoints."""

    save_minutes: float = 10.0
    """Minutes after which a checkpoint is written anyway."""

    keep: int = 2
    """Checkpoints that are kept."""

    log_every: int = 10
    """Steps between lines of the record."""

    validate_every: int = 0
    """Steps between measurements on the held-out clips; 0 for at the end only."""

    validation_clips: int = 16
    """Held-out clips measured, evenly spread over the set."""

    max_minutes: float = 0.0
    """Stop well, with a checkpoint, after so long; 0 for never. The same command goes on."""

    on_nan: Literal["skip", "stop"] = "stop"
    """What to do about a loss that is not finite: leave the step out and name its clips, or stop."""


@dataclass(frozen=True, kw_only=True)
class NetworksConfig:
    """Where the networks come from."""

    start: str | None = None
    """A pipeline's folder, or the export of an earlier run; None for new networks of the sizes below."""

    vae: str | None = None
    """A folder with an autoencoder that takes the place of that of `start`, or `mini/vae`."""

    vae_size: dict[str, Any] = field(default_factory=dict)
    """Arguments of `AutoencoderKLDualReference` when it is new."""

    unet_size: dict[str, Any] = field(default_factory=dict)
    """Arguments of `ToonUNet` when it is new."""

    projector_size: dict[str, Any] = field(default_factory=dict)
    """Arguments of `ImageContextProjector` when it is new."""

    image_encoder_size: dict[str, Any] = field(default_factory=dict)
    """Arguments of transformers' `CLIPVisionConfig` when it is new."""


@dataclass(frozen=True, kw_only=True)
class VideoConfig:
    """The denoiser: a base model, or toon rectification of one."""

    kind: Literal["video"] = "video"

    variant: RectificationVariant = "freeze-temporal"
    """What is trained."""

    conditioning: Literal["interpolation", "image-to-video"] = "interpolation"
    """Key latents in the first and last frame, or the first one's in all."""

    train_image_encoder: bool = False
    """Train the image encoder too; for models from scratch."""

    dropout: float = 0.05
    """p of the conditioning dropout: text alone p, text and picture p, picture alone p."""

    loss_weighting: Literal["uniform", "min-snr"] = "uniform"
    """Of timesteps; min-snr is arXiv 2303.09556 with γ = 5."""

    sample_steps: int = 8
    """Steps of the sampler in measurements."""


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """Low-rank adapters on the denoiser's spatial layers: a show's style from a few cuts."""

    kind: Literal["lora"] = "lora"

    rank: int = 16
    """Of the adapters."""

    alpha: int = 16
    """The adapters' output is multiplied by alpha/rank."""

    conditioning: Literal["interpolation", "image-to-video"] = "interpolation"
    dropout: float = 0.05
    loss_weighting: Literal["uniform", "min-snr"] = "uniform"
    sample_steps: int = 8


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """The autoencoder, or the dual-reference decoder of one."""

    kind: Literal["decoder"] = "decoder"

    train: Literal["decoder", "autoencoder", "both"] = "decoder"
    """The decoder of clips, started at an image decoder; encoder and image decoder from scratch; or the decoder of clips and
    its encoder, whose latents are others afterwards: no denoiser may know them yet."""

    variant: Literal["full", "no-p3d", "no-har-no-p3d"] = "full"
    """The paper's ablation."""

    perceptual: Literal["none", "squeezenet", "lpips-vgg"] = "none"
    """The perceptual term's network."""

    perceptual_weights: str | None = None
    """Its weights' file."""

    perceptual_weight: float = 0.1
    adversarial_weight: float = 0.0
    """Factor on the adaptive weight λ_d; 0 trains without a discriminator."""

    adversarial_start: int = 0
    """Step from which the generator is shown to the discriminator."""

    discriminator_channels: int = 64
    kl_weight: float = 1e-6
    """Of the posterior, when the encoder is trained."""

    reference_heads: int = 8
    reference_head_dim: int = 64

    latent_noise: float = 0.0
    """Largest standard deviation of noise added to the scaled latents when the decoder of clips is trained, drawn anew for each
    sample from 0 up: what the decoder is given later was drawn by a denoiser, not encoded."""

    enlarged: tuple[int, ...] = ()
    """Train at several sizes: the clips are made smaller by one of these factors, another for every step, and of each some decoded
    drawings come back to the clips' own size with the keys' pixels. For decoders with `match_keys`; empty: at one size."""


@dataclass(frozen=True, kw_only=True)
class SketchConfig:
    """The sketch encoder beside a frozen denoiser."""

    kind: Literal["sketch"] = "sketch"

    patterns: Literal["paper", "all"] = "paper"
    """Which sketches are shown: bisection and random subsets, or those of all frames (the paper's ZeroGate rival)."""

    context: Literal["full", "per-frame", "text"] = "full"
    """What the sketch encoder is shown beside a frame."""

    start_from_denoiser: bool = True
    """Start as a copy of the denoiser's spatial encoder; otherwise anew."""

    dropout: float = 0.05
    loss_weighting: Literal["uniform", "min-snr"] = "uniform"
    sample_steps: int = 8


ObjectiveConfig = VideoConfig | LoraConfig | DecoderConfig | SketchConfig

_OBJECTIVES: dict[str, type[Any]] = {
    "video": VideoConfig,
    "lora": LoraConfig,
    "decoder": DecoderConfig,
    "sketch": SketchConfig,
}


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One run."""

    name: str
    """Of the run, for its folder when none is given."""

    objective: ObjectiveConfig
    networks: NetworksConfig = field(default_factory=NetworksConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    seed: int = 0
    """Of new weights and of everything drawn."""


def config_to_dict(config: RunConfig) -> dict[str, Any]:
    """The run as JSON knows it."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def config_from_dict(value: Mapping[str, Any]) -> RunConfig:
    """The run of such a mapping, every field checked.

    Raises:
        InputError: A value has the wrong type.
        UnknownNameError: A field does not exist.
    """
    return _build(RunConfig, value, path="")


def read_config(path: Path) -> RunConfig:
    """The run that a `config.json` describes.

    Raises:
        MediaError: The file cannot be read.
        InputError: It does not describe a run.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} is not a readable run: {error}") from error
    return config_from_dict(value)


def override(config: RunConfig, settings: Sequence[str]) -> RunConfig:
    """The run with some fields replaced, each given as `a.b=value`; the value is JSON, or else text.

    Raises:
        InputError: A setting is not of that form or its value has the wrong type.
        UnknownNameError: There is no such field.
    """
    tree = config_to_dict(config)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise InputError(f"--set {setting!r} is not a.b=value", hint="e.g. loop.steps=1000")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        _put(tree, name.split("."), value, setting)
    return config_from_dict(tree)


def _put(tree: dict[str, Any], path: Sequence[str], value: Any, setting: str) -> None:
    place = tree
    for step in path[:-1]:
        if not isinstance(place.get(step), dict):
            known = ", ".join(place)
            raise UnknownNameError(f"--set {setting!r}: no part {step!r}", hint=f"known: {known}")
        place = place[step]
    free = {"vae_size", "unet_size", "projector_size", "image_encoder_size", "group_rates"}
    if path[-1] not in place and not (len(path) > 1 and path[-2] in free):
        known = ", ".join(place)
        raise UnknownNameError(f"--set {setting!r}: no field {path[-1]!r}", hint=f"known: {known}")
    place[path[-1]] = value


def _build(kind: type[Any], value: Any, *, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise InputError(f"{path or 'a run'} must be a table of fields, not {value!r}")
    types_of = get_type_hints(kind)
    unknown = set(value) - set(types_of)
    if unknown:
        known = ", ".join(types_of)
        raise UnknownNameError(f"{path}{sorted(unknown)[0]} does not exist", hint=f"known: {known}")
    read = {name: _read(types_of[name], value[name], path=f"{path}{name}") for name in value}
    missing = [
        f.name
        for f in dataclasses.fields(kind)
        if f.name not in read
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise InputError(f"{path}{missing[0]} is missing")
    return kind(**read)


def _read(wanted: Any, value: Any, *, path: str) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted == ObjectiveConfig:
        kind = value.get("kind") if isinstance(value, Mapping) else None
        choices = ", ".join(_OBJECTIVES)
        if kind not in _OBJECTIVES:
            raise InputError(f"{path}.kind={kind!r}", hint=f"use one of {choices}")
        read: Any = _build(_OBJECTIVES[kind], value, path=f"{path}.")
    elif dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        read = _build(wanted, value, path=f"{path}.")
    elif origin is Literal:
        if value not in arguments:
            choices = ", ".join(map(str, arguments))
            raise InputError(f"{path}={value!r}", hint=f"use one of {choices}")
        read = value
    elif origin in (Union, types.UnionType):
        read = None if value is None else _read(arguments[0], value, path=path)
    elif origin is tuple:
        read = _read_tuple(arguments, value, path=path)
    else:
        plain: Any = origin or wanted
        read = _read_plain(plain, value, path=path)
    return read


def _read_tuple(arguments: tuple[Any, ...], value: Any, *, path: str) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        value = [value]
    if arguments[-1] is Ellipsis:
        return tuple(_read(arguments[0], item, path=path) for item in value)
    if len(value) != len(arguments):
        raise InputError(f"{path}={value!r} needs {len(arguments)} values")
    return tuple(_read(a, item, path=path) for a, item in zip(arguments, value, strict=True))


def _read_plain(wanted: type[Any], value: Any, *, path: str) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is dict and isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise InputError(f"{path}={value!r} is not of type {wanted.__name__}")
    return value
