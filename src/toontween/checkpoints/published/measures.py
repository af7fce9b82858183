"""The networks of measures, kept as they were published: `toontween evaluate` reads them."""

from collections.abc import Mapping

from toontween.checkpoints.identify import Contents
from toontween.checkpoints.published.files import PublishedFile, PublishedModel

_TORCH = "https://download.pytorch.org/models"
_CLIP = "openai/clip-vit-base-patch32"


def _backbone(title: str, name: str, file: str, about_bytes: int) -> PublishedModel:
    weights = PublishedFile(
        page=f"https://pytorch.org/vision/stable/models/{name}.html",
        file=file,
        licence="BSD-3-Clause",
        about_bytes=about_bytes,
        url=f"{_TORCH}/{file}",
        sha256=file.rpartition("-")[2].removesuffix(".pth"),
    )
    return PublishedModel(title=f"{title}, for LPIPS", contents=Contents.AS_IT_IS, weights=weights)


def _clip(file: str, about_bytes: int) -> PublishedFile:
    return PublishedFile(
        page=f"https://huggingface.co/{_CLIP}",
        file=file,
        licence="MIT",
        about_bytes=about_bytes,
        repo=_CLIP,
    )


MEASURES: Mapping[str, PublishedModel] = {
    "alexnet": _backbone("AlexNet", "alexnet", "alexnet-owt-7be5be79.pth", 244_400_000),
    "vgg16": _backbone("VGG16", "vgg", "vgg16-397923af.pth", 553_400_000),
    "squeezenet1_1": _backbone(
        "SqueezeNet 1.1", "squeezenet", "squeezenet1_1-b8a52dc0.pth", 5_000_000
    ),
    "i3d": PublishedModel(
        title="I3D trained on Kinetics-400, for FVD and KVD",
        contents=Contents.AS_IT_IS,
        weights=PublishedFile(
            page="https://github.com/songweige/TATS/tree/main/tats/fvd",
            file="i3d_pretrained_400.pt",
            licence="Apache-2.0",
            about_bytes=51_000_000,
        ),
    ),
    "clip-vit-b-32": PublishedModel(
        title="CLIP ViT-B/32, for CLIP scores",
        contents=Contents.AS_IT_IS,
        weights=_clip("pytorch_model.bin", 605_000_000),
        others=(
            _clip("config.json", 4_000),
            _clip("merges.txt", 525_000),
            _clip("vocab.json", 862_000),
            _clip("tokenizer_config.json", 1_000),
            _clip("special_tokens_map.json", 1_000),
        ),
    ),
}
"""Name → what it stands for."""
