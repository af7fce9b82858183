"""The components of each published file: what their names begin with, which class they become, how large they are."""

from collections.abc import Collection

from toontween.checkpoints.keymap import KeyMap
from toontween.checkpoints.maps import (
    clip,
    image_projector,
    line_extractor,
    sketch_encoder,
    unet,
    vae,
)
from toontween.checkpoints.maps.component import (
    Arguments,
    Component,
    Section,
    by_section,
    constant,
)
from toontween.checkpoints.maps.rivals.table import RIVALS


def _vae_arguments(section: Section, names: Collection[str]) -> Arguments:
    found = {"decoder_variant": vae.decoder_variant_of(names)}
    return vae.config_from_original({**found, **section})


def _text_key_map(section: Section) -> KeyMap:
    arguments = clip.text_config_from_original(section)
    return clip.text_key_map(arguments["num_hidden_layers"] + 1)


def _sketch_key_map(section: Section) -> KeyMap:
    sizes = sketch_encoder.config_from_original(section)
    return sketch_encoder.key_map(
        num_levels=len(sizes["channel_mult"]), num_res_blocks=sizes["num_res_blocks"]
    )


_MODEL = (
    Component(
        name="unet",
        prefix=unet.PREFIX,
        class_path="toontween.models.unet:ToonUNet",
        section="unet",
        published=unet.PUBLISHED,
        key_map=constant(unet.KEY_MAP),
        arguments=by_section(unet.config_from_original),
    ),
    Component(
        name="vae",
        prefix=vae.PREFIX,
        class_path="toontween.models.vae:AutoencoderKLDualReference",
        section="vae",
        published=vae.PUBLISHED,
        key_map=constant(vae.KEY_MAP),
        arguments=_vae_arguments,
    ),
    Component(
        name="text_encoder",
        prefix=clip.TEXT_PREFIX,
        class_path=clip.TEXT_CLASS,
        section="open_clip",
        published=clip.PUBLISHED,
        key_map=_text_key_map,
        arguments=by_section(clip.text_config_from_original),
    ),
    Component(
        name="image_encoder",
        prefix=clip.IMAGE_PREFIX,
        class_path=clip.IMAGE_CLASS,
        section="open_clip",
        published=clip.PUBLISHED,
        key_map=constant(clip.IMAGE_KEY_MAP),
        arguments=by_section(clip.image_config_from_original),
    ),
    Component(
        name="image_projector",
        prefix=image_projector.PREFIX,
        class_path="toontween.models.image_projector:ImageContextProjector",
        section="resampler",
        published=image_projector.PUBLISHED,
        key_map=constant(image_projector.KEY_MAP),
        arguments=by_section(image_projector.config_from_original),
    ),
)
_SKETCH_ENCODER = Component(
    name="sketch_encoder",
    prefix=sketch_encoder.PREFIX,
    class_path="toontween.models.sketch_encoder:build_sketch_encoder",
    section="sketch_encoder",
    published=sketch_encoder.PUBLISHED,
    key_map=_sketch_key_map,
    arguments=by_section(sketch_encoder.config_from_original),
)
_LINE_EXTRACTOR = Component(
    name="line_extractor",
    prefix=line_extractor.PREFIX,
    class_path="toontween.models.line_extractor:LineExtractor",
    section="line_extractor",
    published=line_extractor.PUBLISHED,
    key_map=constant(line_extractor.KEY_MAP),
    arguments=by_section(line_extractor.config_from_original),
)

PUBLISHED_FILES: dict[str, tuple[Component, ...]] = {
    "model": _MODEL,
    "sketch_encoder": (_SKETCH_ENCODER,),
    "line_extractor": (_LINE_EXTRACTOR,),
    **{name: (rival.component,) for name, rival in RIVALS.items()},
}
"""What `identify.contents_of` found → the components in it."""
