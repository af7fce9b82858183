"""The autoencoder: pictures ⇄ latents at an eighth of the size, with the encoder's features laid open.

The encoder is Stable Diffusion's. Its features of the two keys go straight to the decoder, around the latents, which
is how the keys' lines survive (ToonCrafter, section 3.3). One class covers three decoders, see `DecoderVariant`.

`post_quant_conv`: the image decoder was trained behind this 1×1 convolution; the published dual-reference decoder was
trained without it, although its checkpoint still carries the weights. It cannot be folded into the 3×3 convolution that
follows (its bias would enter the zero padding at the border), so it stays a layer of its own and
`apply_post_quant_conv` says whether it takes part; None stands for "in the image decoder only".

fp16: features of this architecture exceed 65504 on some pictures. With `force_upcast` weights held in fp16 are converted
to fp32 while they compute; moments and pictures are returned in fp16, reference features stay fp32. bf16 has the range of
fp32 and is used as it is.
"""

from collections.abc import Iterator
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.models.blocks.temporal_mixing import temporal_norm_called
from toontween.models.blocks.upcasting import call_in_fp32, converted, in_fp32
from toontween.models.blocks.vae_encoder import ImageEncoder
from toontween.models.blocks.vae_layers import without_gradients
from toontween.models.dual_reference import (
    FIRST_ATTENTION_LEVEL,
    DecoderVariant,
    DualReferenceDecoder,
    variant_called,
)
from toontween.models.encoded_pictures import (
    EncoderOutput,
    References,
    check_pictures,
    check_references,
    pair_references,
)

IMAGE_DECODER: DecoderVariant = "no-har-no-p3d"


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
        temporal_norm: Where temporal layers take their statistics: "clip", over all frames together, as published, or "frame",
            frame by frame, so that a frame depends on a few neighbours and long clips are decoded without being held.
        finest_attention_level: Levels of the decoder from here on attend to the references.
        match_keys: Whether pixels of the keys are put into the pictures, see `KeyMatching`, in place of the features that
            finer levels would get. Clips with references are then decoded with the keys' own latents at their ends.

    Raises:
        InputError: The configuration is not a network, or there is no such variant or temporal norm.
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
        temporal_norm: str = "clip",
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
            temporal_norm=temporal_norm_called(temporal_norm),
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

        What is new contributes nothing yet: references and temporal convolutions start at 0, the last temporal convolution at
        identity. `post_quant_conv` goes on being applied. With `match_keys` the keys' pixels are drawn with from the start.

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
        check_pictures(pixels, downsampling=self.downsampling)
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
        self._check(latents, references)
        if torch.is_grad_enabled() or not self.decoder.draws_one_by_one:
            return self._decode_whole(latents, references)
        batch, _, num_frames, *sides = latents.shape
        size = (batch, 3, num_frames, *(side * self.downsampling for side in sides))
        pictures = latents.new_empty(size, dtype=self.dtype)
        for index, frame in enumerate(self._decode_one_by_one(latents, references)):
            pictures[:, :, index] = frame
        return pictures

    def decode_frames(
        self, latents: Float[Tensor, "b c t h w"], references: References | None = None
    ) -> Iterator[Float[Tensor, "b 3 _ _"]]:
        """The frames of `decode`, in order, each as soon as it is drawn; no gradients are recorded.

        Memory does not grow with the clip where the network has `match_keys` and `temporal_norm` "frame". With "clip" the
        coarse features of the whole clip are held, and other networks, the published one among them, decode the whole
        clip before the first frame is given.

        What is wrong with the arguments, which are those of `decode`, is said by the call, not by the first frame.
        """
        self._check(latents, references)
        return without_gradients(self._decode_one_by_one(latents, references))

    def forward(self, pixels: Float[Tensor, "b 3 t h w"]) -> Float[Tensor, "b 3 t h w"]:
        """Encode a clip (posterior's mean) and decode it with its own end frames as references."""
        batch, _, num_frames, _, _ = pixels.shape
        encoded = self.encode(rearrange(pixels, "b c t h w -> (b t) c h w"))
        latents = rearrange(encoded.mean, "(b t) c h w -> b c t h w", b=batch)
        if not self.uses_references:
            return self.decode(latents)
        ends = (
            feature.unflatten(0, (batch, num_frames))[:, [0, -1]].flatten(0, 1)
            for feature in encoded.reference_features
        )
        return self.decode(latents, pair_references(tuple(ends)))

    def _decode_whole(self, latents: Tensor, references: References | None) -> Tensor:
        self._bring_weights()
        latents = self._with_keys(latents, references)
        return self._compute(self.decoder, latents, references).to(self.dtype)

    def _decode_one_by_one(
        self, latents: Tensor, references: References | None
    ) -> Iterator[Float[Tensor, "b 3 _ _"]]:
        if not self.decoder.draws_one_by_one:
            yield from self._decode_whole(latents, references).unbind(2)
            return
        self._bring_weights()
        latents = self._with_keys(latents, references)
        decoder = in_fp32(self.decoder) if self._upcasts else self.decoder
        given = converted((latents, references), decoder.conv_in.weight.dtype)
        for frame in decoder.draw_one_by_one(*given):
            yield frame.to(self.dtype)

    @torch.no_grad()
    def _with_keys(self, latents: Tensor, references: References | None) -> Tensor:
        """The clip with the keys' own latents at its ends, where a denoiser only came near them, if the keys are there."""
        if references is None or not self._gives_picture:
            return latents
        keys = rearrange(references[-1], "b c k h w -> (b k) c h w")
        moments, _ = self._compute(self.encoder, keys)
        means = moments[:, : self.latent_channels]
        first, last = rearrange(means, "(b k) c h w -> k b c 1 h w", k=2)
        return torch.cat([first, latents[:, :, 1:-1], last], dim=2).to(latents.dtype)

    def _check(self, latents: Tensor, references: References | None) -> None:
        if latents.shape[1] != self.latent_channels or not latents.numel():
            raise ShapeError(
                f"latents of shape {tuple(latents.shape)} are not "
                f"(batch, {self.latent_channels}, frames, height, width)"
            )
        if references is None:
            return
        if not self.uses_references:
            raise InputError("the image decoder takes no references", hint="leave them out")
        if self._gives_picture and latents.shape[2] < 2:
            raise InputError("a single frame has no two keys", hint="leave the references out")
        check_references(
            references,
            latents,
            channels=self._channels,
            patch_size=self._patch_size,
            ends_with_keys=self._gives_picture,
        )

    @property
    def _upcasts(self) -> bool:
        return self.force_upcast and self.dtype == torch.float16

    def _compute(self, network: nn.Module, *arguments: Any) -> Any:
        if self._upcasts:
            return call_in_fp32(network, *arguments)
        return network(*converted(arguments, self.dtype))

    def _bring_weights(self) -> None:
        # Offloading hooks act before `forward`; encode and decode are called instead of it.
        hook = getattr(self, "_hf_hook", None)
        if hook is not None:
            hook.pre_forward(self)
