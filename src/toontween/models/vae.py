"""The autoencoder: pictures ⇄ latents at an eighth of the size, with the encoder's features laid open.

The encoder is Stable Diffusion's. Its features of the two keys go straight to the decoder, around the latents, which
is how the keys' lines survive (ToonCrafter, section 3.3). One class covers three decoders, see `DecoderVariant`.

`post_quant_conv`: the image decoder was trained behind this 1×1 convolution; the published dual-reference decoder was
trained without it, although its checkpoint still carries the weights. It cannot be folded into the 3×3 convolution that
follows (its bias would enter the zero padding at the border), so it stays a layer of its own and
`apply_post_quant_conv` says whether it takes part; None stands for "in the image decoder only".

fp16: features of this architecture exceed 65504 on some pictures. With `force_upcast` weights held in fp16 are
converted to fp32 for the duration of each call, whose results are fp32 inside; moments and pictures are returned in fp16,
reference features stay fp32. bf16 has the range of fp32 and is used as it is.
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils.torch_utils import randn_tensor
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.models.blocks.vae_encoder import ImageEncoder, ReferenceFeatures
from toontween.models.dual_reference import (
    FIRST_ATTENTION_LEVEL,
    DecoderVariant,
    DualReferenceDecoder,
    variant_called,
)

IMAGE_DECODER: DecoderVariant = "no-har-no-p3d"

References = tuple[Float[Tensor, "_ _ 2 _ _"], ...]
"""Reference features of the first and the last key, stacked along the third axis."""


@dataclass(frozen=True)
class EncoderOutput:
    """The posterior of some pictures and their reference features."""

    mean: Float[Tensor, "n c h w"]
    """Of the posterior; not yet multiplied by the scaling factor."""

    logvar: Float[Tensor, "n c h w"]
    """Logarithm of the posterior's variance, within −30…20."""

    reference_features: ReferenceFeatures
    """In the order the decoder wants; `pair_references` turns those of keys into references."""

    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "n c h w"]:
        """Latents drawn from the posterior."""
        device, dtype = self.mean.device, self.mean.dtype
        noise = randn_tensor(self.mean.shape, generator=generator, device=device, dtype=dtype)
        return self.mean + torch.exp(0.5 * self.logvar) * noise


def pair_references(features: ReferenceFeatures) -> References:
    """References from the features of keys encoded in the order first, last, first, last, … sample by sample.

    Raises:
        ShapeError: The number of pictures is odd.
    """
    if features[0].shape[0] % 2:
        raise ShapeError(f"{features[0].shape[0]} pictures do not make pairs of first and last key")
    return tuple(rearrange(feature, "(b k) c h w -> b c k h w", k=2) for feature in features)


class AutoencoderKLDualReference(ModelMixin, ConfigMixin):
    """Encoder with reference features, decoder of whole clips.

    Args:
        base_channels: Channels at full size.
        channel_mult: Multiple of `base_channels` at each level; every level but the first halves the size.
        num_res_blocks: Residual blocks a level in the encoder; the decoder has one more.
        latent_channels: Channels of a latent.
        norm_groups: Groups of every GroupNorm; must divide every level's channels.
        reference_heads: Heads of the attention to the references.
        reference_head_dim: Width of one of those heads.
        decoder_variant: Which decoder this is, one of `DecoderVariant`.
        apply_post_quant_conv: See the module's text.
        scaling_factor: Latents times this have about unit variance; the diffusion model works on those.
        force_upcast: Compute in fp32 when the weights are held in fp16.
        patch_size: Side of the squares of pixels that the finest level sees as one place; `base_channels` are its
            channels then, and the sides are divided by it once more.
        middle_attention: Whether encoder and decoder attend within a picture at the latents' own size. The cost grows
            with the square of the picture's size.
        linear_codec: Whether a linear codec of blocks runs beside encoder and decoder, see `blocks.block_codec`.
        finest_temporal_level: Levels of the decoder from here on mix over time.
        finest_attention_level: Levels of the decoder from here on attend to the references.
        match_keys: Whether pixels of the keys are put into the pictures, see `KeyMatching`, in place of the features that
            finer levels would get. Clips with references are then decoded with the keys' own latents at their ends.

    Raises:
        InputError: The configuration is not a network, or there is no such variant.
    """

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        *,
        base_channels: int = 128,
        channel_mult: tuple[int, ...] | list[int] = (1, 2, 4, 4),
        num_res_blocks: int = 2,
        latent_channels: int = 4,
        norm_groups: int = 32,
        reference_heads: int = 8,
        reference_head_dim: int = 64,
        decoder_variant: str = "full",
        apply_post_quant_conv: bool | None = None,
        scaling_factor: float = 0.18215,
        force_upcast: bool = True,
        patch_size: int = 1,
        middle_attention: bool = True,
        linear_codec: bool = False,
        finest_temporal_level: int = 0,
        finest_attention_level: int = FIRST_ATTENTION_LEVEL,
        match_keys: bool = False,
    ) -> None:
        super().__init__()
        variant = variant_called(decoder_variant)
        channels = tuple(base_channels * mult for mult in channel_mult)
        if not channels or any(width <= 0 or width % norm_groups for width in channels):
            raise InputError(f"channels {channels} are not multiples of {norm_groups} norm groups")
        self._channels = channels
        self._patch_size, self._gives_picture = patch_size, match_keys
        self.latent_channels = latent_channels
        self.scaling_factor = scaling_factor
        self.force_upcast = force_upcast
        self.uses_references = variant != IMAGE_DECODER
        self.downsampling = patch_size * 2 ** (len(channels) - 1)
        if apply_post_quant_conv is None:
            apply_post_quant_conv = not self.uses_references
        shared: dict[str, Any] = {
            "channels": channels,
            "latent_channels": latent_channels,
            "groups": norm_groups,
            "patch_size": patch_size,
            "middle_attention": middle_attention,
            "linear_codec": linear_codec,
        }
        self.encoder = ImageEncoder(num_blocks=num_res_blocks, gives_picture=match_keys, **shared)
        self.decoder = DualReferenceDecoder(
            num_blocks=num_res_blocks + 1,
            reference_heads=reference_heads,
            reference_head_dim=reference_head_dim,
            variant=variant,
            apply_post_quant_conv=apply_post_quant_conv,
            finest_temporal_level=finest_temporal_level,
            finest_attention_level=finest_attention_level,
            match_keys=match_keys,
            **shared,
        )

    @classmethod
    def from_image_decoder(
        cls,
        source: "AutoencoderKLDualReference",
        *,
        decoder_variant: DecoderVariant = "full",
        reference_heads: int = 8,
        reference_head_dim: int = 64,
    ) -> "AutoencoderKLDualReference":
        """A network to train that decodes exactly as the image decoder in `source` does.

        What is new contributes nothing yet: references and temporal convolutions start at 0, the last temporal
        convolution at identity. `post_quant_conv` goes on being applied. With `match_keys` the
        keys' pixels are drawn with from the start.

        Raises:
            InputError: `source` is a dual-reference network already.
        """
        if source.uses_references:
            raise InputError(
                "the network to start from has a dual-reference decoder already",
                hint=f"give one with decoder_variant={IMAGE_DECODER!r}",
            )
        config: dict[str, Any] = dict(source.config) | {
            "decoder_variant": decoder_variant,
            "apply_post_quant_conv": source.decoder.apply_post_quant_conv,
            "reference_heads": reference_heads,
            "reference_head_dim": reference_head_dim,
        }
        model = cls(**{name: value for name, value in config.items() if name[0] != "_"})
        model.load_state_dict({**model.state_dict(), **source.state_dict()})
        nn.Module.to(model, source.device, source.dtype)
        return model

    def encode(self, pixels: Float[Tensor, "n c h w"]) -> EncoderOutput:
        """Posterior and reference features of pictures in −1…1, each by itself.

        Raises:
            ShapeError: Not RGB, or a side is not a multiple of the down-sampling (8 at the published size).
        """
        count, channels, height, width = pixels.shape
        if channels != 3 or not count:
            raise ShapeError(
                f"pictures of shape {tuple(pixels.shape)} are not (n, 3, height, width)"
            )
        if not height or not width or height % self.downsampling or width % self.downsampling:
            raise ShapeError(
                f"a picture of {width}×{height} pixels cannot be encoded",
                hint=f"both sides must be multiples of {self.downsampling}",
            )
        self._bring_weights()
        moments, features = self._compute(self.encoder, pixels)
        mean, logvar = moments.to(self.dtype).chunk(2, dim=1)
        return EncoderOutput(mean, logvar.clamp(-30.0, 20.0), features)

    def decode(
        self, latents: Float[Tensor, "b c t h w"], references: References | None = None
    ) -> Float[Tensor, "b 3 t _ _"]:
        """Pictures in about −1…1 (not clipped) of whole clips of one frame or more.

        Frames influence one another, so a clip decoded in pieces is another clip.

        Args:
            latents: Already divided by the scaling factor.
            references: Of the keys standing at the first and the last frame, see `pair_references`. Without them the
                dual-reference decoder runs, but the end frames lack their detail.

        Raises:
            ShapeError: Latents or references have the wrong shape.
            InputError: References for a decoder that knows none, or for a single frame with `match_keys`.
        """
        if latents.shape[1] != self.latent_channels or not latents.numel():
            raise ShapeError(
                f"latents of shape {tuple(latents.shape)} are not "
                f"(batch, {self.latent_channels}, frames, height, width)"
            )
        if references is not None:
            self._check_references(latents, references)
        self._bring_weights()
        if references is not None and self._gives_picture:
            latents = self._with_keys(latents, references[-1])
        return self._compute(self.decoder, latents, references).to(self.dtype)

    def forward(self, pixels: Float[Tensor, "b 3 t h w"]) -> Float[Tensor, "b 3 t h w"]:
        """Encode a clip (posterior's mean) and decode it with its own end frames as references."""
        batch, _, num_frames, _, _ = pixels.shape
        encoded = self.encode(rearrange(pixels, "b c t h w -> (b t) c h w"))
        clips = [
            rearrange(feature, "(b t) c h w -> b c t h w", b=batch)
            for feature in encoded.reference_features
        ]
        ends = tuple(clip[:, :, [0, num_frames - 1]] for clip in clips)
        latents = rearrange(encoded.mean, "(b t) c h w -> b c t h w", b=batch)
        return self.decode(latents, ends if self.uses_references else None)

    @torch.no_grad()
    def _with_keys(self, latents: Tensor, keys: Tensor) -> Tensor:
        """The clip with the keys' own latents at its ends, where a denoiser only came near them."""
        moments, _ = self._compute(self.encoder, rearrange(keys, "b c k h w -> (b k) c h w"))
        first, last = rearrange(
            moments[:, : self.latent_channels], "(b k) c h w -> k b c 1 h w", k=2
        )
        return torch.cat([first, latents[:, :, 1:-1], last], dim=2).to(latents.dtype)

    def _check_references(self, latents: Tensor, references: References) -> None:
        if not self.uses_references:
            raise InputError(
                "the image decoder takes no references",
                hint="leave them out (uses_references is False)",
            )
        batch, _, num_frames, height, width = latents.shape
        if self._gives_picture and num_frames < 2:
            raise InputError("a single frame has no two keys", hint="leave the references out")
        whole = (height * self.downsampling, width * self.downsampling)
        sides = [self._patch_size * 2**level for level in range(len(self._channels))]
        expected = [
            (batch, channels, 2, whole[0] // side, whole[1] // side)
            for channels, side in zip(self._channels, sides, strict=True)
        ]
        last = (batch, 3, 2, *whole) if self._gives_picture else expected[0]
        expected.append(last)
        found = [tuple(reference.shape) for reference in references]
        if found != expected:
            raise ShapeError(
                f"references of shapes {found} do not fit latents of shape {tuple(latents.shape)}",
                hint=f"expected {expected}",
            )

    def _compute(self, network: nn.Module, tensor: Tensor, *rest: Any) -> Any:
        if self.dtype != torch.float16 or not self.force_upcast:
            return network(*_converted((tensor, *rest), self.dtype))
        weights = {name: value.float() for name, value in network.named_parameters()}
        arguments = _converted((tensor, *rest), torch.float32)
        return torch.func.functional_call(network, weights, arguments)

    def _bring_weights(self) -> None:
        # Offloading hooks act before `forward`; encode and decode are called instead of it.
        hook = getattr(self, "_hf_hook", None)
        if hook is not None:
            hook.pre_forward(self)


def _converted(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, tuple):
        return tuple(_converted(item, dtype) for item in value)
    return value.to(dtype) if isinstance(value, Tensor) else value
