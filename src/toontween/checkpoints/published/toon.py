"""ToonCrafter and what goes with it."""

from collections.abc import Mapping

from toontween.checkpoints.identify import Contents
from toontween.checkpoints.published.files import PublishedFile, PublishedModel

_TOONCRAFTER, _DYNAMICRAFTER = "Doubiiu/ToonCrafter", "Doubiiu/DynamiCrafter_512_Interp"
_CLIP = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"
_HUB = "https://huggingface.co"
_MERGES = PublishedFile(
    repo=_CLIP,
    file="merges.txt",
    licence="MIT",
    about_bytes=525_000,
    page=f"{_HUB}/{_CLIP}",
)

TOON: Mapping[str, PublishedModel] = {
    "tooncrafter-512": PublishedModel(
        title="ToonCrafter, 16 drawings of 512×320 pixels",
        contents=Contents.MODEL,
        weights=PublishedFile(
            repo=_TOONCRAFTER,
            file="model.ckpt",
            licence="Apache-2.0",
            about_bytes=10_500_000_000,
            page=f"{_HUB}/{_TOONCRAFTER}",
        ),
        merges=_MERGES,
    ),
    "tooncrafter-sketch": PublishedModel(
        title="ToonCrafter's sketch encoder, for in-betweens that follow roughs",
        contents=Contents.SKETCH_ENCODER,
        weights=PublishedFile(
            repo=_TOONCRAFTER,
            file="sketch_encoder.ckpt",
            licence="Apache-2.0",
            about_bytes=1_460_000_000,
            page=f"{_HUB}/{_TOONCRAFTER}",
        ),
    ),
    "anime2sketch": PublishedModel(
        title="Anime2Sketch, lines from coloured drawings",
        contents=Contents.LINE_EXTRACTOR,
        weights=PublishedFile(
            repo=_TOONCRAFTER,
            file="sketch_extractor.pth",
            licence="MIT",
            about_bytes=218_000_000,
            page=f"{_HUB}/{_TOONCRAFTER}",
        ),
    ),
    "dynamicrafter-512-interp": PublishedModel(
        title="DynamiCrafter for interpolation, which ToonCrafter was made from; plain decoder",
        contents=Contents.MODEL,
        weights=PublishedFile(
            repo=_DYNAMICRAFTER,
            file="model.ckpt",
            licence="Apache-2.0",
            about_bytes=10_400_000_000,
            page=f"{_HUB}/{_DYNAMICRAFTER}",
        ),
        merges=_MERGES,
    ),
}
"""The models that are drawn with by `toon`, and what goes with them."""
