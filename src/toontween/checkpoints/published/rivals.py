"""The networks of other methods, each by its authors or where their files are mirrored."""

from collections.abc import Mapping

from toontween.checkpoints.identify import Contents
from toontween.checkpoints.published.files import PublishedFile, PublishedModel

ACADEMIC = "LicenseRef-academic-use-only"
"""Not for commercial use; the authors' page has the words."""

_GITHUB = "https://github.com"
_MIRROR = f"{_GITHUB}/Fannovel16/ComfyUI-Frame-Interpolation/releases/download/models"
_RIFE = f"{_GITHUB}/HolyWu/vs-rife/releases/download/model"
_FILM = f"{_GITHUB}/dajes/frame-interpolation-pytorch"
_TORCH = "https://download.pytorch.org/models"
_SNIKLAUS = "http://content.sniklaus.com"
_HUB = "https://huggingface.co"


def _model(
    title: str,
    contents: Contents,
    *,
    file: str,
    licence: str | None,
    about_bytes: int,
    page: str,
    url: str | None = None,
    sha256: str | None = None,
) -> PublishedModel:
    weights = PublishedFile(
        page=page,
        file=file,
        licence=licence,
        about_bytes=about_bytes,
        url=url,
        sha256=sha256,
    )
    return PublishedModel(title=title, contents=contents, weights=weights)


def _practical_rife(version: str, contents: Contents, sha256: str | None = None) -> PublishedModel:
    return _model(
        f"RIFE {version}, the practical one",
        contents,
        file=f"flownet_v{version}.pkl",
        licence="MIT",
        about_bytes=23_000_000,
        page=f"{_GITHUB}/hzwer/Practical-RIFE",
        url=f"{_RIFE}/flownet_v{version}.pkl",
        sha256=sha256,
    )


def _gmfss(title: str, contents: Contents, file: str, about_bytes: int) -> PublishedModel:
    return _model(
        f"GMFSS union, for drawn animation: {title}",
        contents,
        file=file,
        licence="MIT",
        about_bytes=about_bytes,
        page=f"{_GITHUB}/98mxr/GMFSS_Fortuna",
    )


def _stable_diffusion(file: str, about_bytes: int) -> PublishedFile:
    repo = "CompVis/stable-diffusion-v1-4"
    return PublishedFile(
        page=f"{_HUB}/{repo}",
        file=file,
        licence="CreativeML-OpenRAIL-M",
        about_bytes=about_bytes,
        repo=repo,
    )


RIVALS: Mapping[str, PublishedModel] = {
    "animeinterp": _model(
        "AnimeInterp, flow of drawn animation",
        Contents.ANIMEINTERP,
        file="eisai_anime_interp_full.ckpt",
        licence="MIT",
        about_bytes=25_000_000,
        page=f"{_GITHUB}/lisiyao21/AnimeInterp",
        url=f"{_MIRROR}/eisai_anime_interp_full.ckpt",
    ),
    "vgg19": _model(
        "VGG19, with which AnimeInterp matches segments",
        Contents.VGG19,
        file="vgg19-dcbb9e9d.pth",
        licence="BSD-3-Clause",
        about_bytes=575_000_000,
        page="https://pytorch.org/vision/stable/models/vgg.html",
        url=f"{_TORCH}/vgg19-dcbb9e9d.pth",
        sha256="dcbb9e9d",
    ),
    "eisai-ssl": _model(
        "EISAI's synthesis; its flow is AnimeInterp's",
        Contents.EISAI_SSL,
        file="eisai_ssl.pt",
        licence="AGPL-3.0",
        about_bytes=11_000_000,
        page=f"{_GITHUB}/ShuhongChen/eisai-anime-interpolator",
        url=f"{_MIRROR}/eisai_ssl.pt",
    ),
    "eisai-dtm": _model(
        "EISAI's refinement of lines",
        Contents.EISAI_DTM,
        file="eisai_dtm.pt",
        licence="AGPL-3.0",
        about_bytes=100_000,
        page=f"{_GITHUB}/ShuhongChen/eisai-anime-interpolator",
        url=f"{_MIRROR}/eisai_dtm.pt",
    ),
    "film": _model(
        "FILM, for large motion, in its PyTorch port",
        Contents.FILM,
        file="film_net_fp32.pt",
        licence="Apache-2.0",
        about_bytes=138_000_000,
        page=_FILM,
        url=f"{_FILM}/releases/download/v1.0.0/film_net_fp32.pt",
    ),
    "rife-4.26": _practical_rife("4.26", Contents.RIFE_4_25),
    "rife-4.25": _practical_rife(
        "4.25",
        Contents.RIFE_4_25,
        sha256="6615790efd627772917205db291f51cd392528a157ecbb2ecaeec3bff8eb6de2",
    ),
    "rife-4.6": _practical_rife("4.6", Contents.RIFE_4_6),
    "rife-m": _model(
        "RIFE_m of the paper, for any time",
        Contents.RIFE_M,
        file="flownet.pkl",
        licence="MIT",
        about_bytes=43_000_000,
        page=f"{_GITHUB}/hzwer/ECCV2022-RIFE",
    ),
    "rife": _model(
        "RIFE of the paper, half-way only",
        Contents.RIFE,
        file="flownet.pkl",
        licence="MIT",
        about_bytes=43_000_000,
        page=f"{_GITHUB}/hzwer/ECCV2022-RIFE",
    ),
    "raft-large": _model(
        "RAFT, optical flow, as torchvision trained it",
        Contents.RAFT,
        file="raft_large_C_T_SKHT_V2-ff5fadd5.pth",
        licence="BSD-3-Clause",
        about_bytes=21_000_000,
        page="https://pytorch.org/vision/stable/models/raft.html",
        url=f"{_TORCH}/raft_large_C_T_SKHT_V2-ff5fadd5.pth",
        sha256="ff5fadd5",
    ),
    "raft-small": _model(
        "RAFT, the small network, as torchvision trained it",
        Contents.RAFT_SMALL,
        file="raft_small_C_T_V2-01064c6d.pth",
        licence="BSD-3-Clause",
        about_bytes=4_000_000,
        page="https://pytorch.org/vision/stable/models/raft.html",
        url=f"{_TORCH}/raft_small_C_T_V2-01064c6d.pth",
        sha256="01064c6d",
    ),
    "sepconv-l1": _model(
        "SepConv, separable kernels, sharp to the eye of L1",
        Contents.SEPCONV,
        file="network-l1.pytorch",
        licence=ACADEMIC,
        about_bytes=87_000_000,
        page=f"{_GITHUB}/sniklaus/sepconv-slomo",
        url=f"{_SNIKLAUS}/sepconv/network-l1.pytorch",
    ),
    "sepconv-lf": _model(
        "SepConv, trained with features",
        Contents.SEPCONV,
        file="network-lf.pytorch",
        licence=ACADEMIC,
        about_bytes=87_000_000,
        page=f"{_GITHUB}/sniklaus/sepconv-slomo",
        url=f"{_SNIKLAUS}/sepconv/network-lf.pytorch",
    ),
    "resepconv": _model(
        "reSepConv, separable kernels revisited",
        Contents.RESEPCONV,
        file="network-paper.pytorch",
        licence=ACADEMIC,
        about_bytes=54_000_000,
        page=f"{_GITHUB}/sniklaus/revisiting-sepconv",
        url=f"{_SNIKLAUS}/resepconv/network-paper.pytorch",
    ),
    "phasenet": _model(
        "PhaseNet, phases by a network; unofficial weights",
        Contents.PHASENET,
        file="phase_net.pt",
        licence=None,
        about_bytes=1_900_000,
        page=f"{_GITHUB}/stefan01/Fusion-Method-for-Video-Frame-Interpolation",
    ),
    "gmfss-flow": _gmfss("its flow", Contents.GMFSS_FLOW, "flownet.pkl", 18_900_000),
    "gmfss-metric": _gmfss("its metric", Contents.GMFSS_METRIC, "metric.pkl", 480_000),
    "gmfss-features": _gmfss("its features", Contents.GMFSS_FEATURES, "feat.pkl", 3_300_000),
    "gmfss-fusion": _gmfss("its fusion", Contents.GMFSS_FUSION, "fusionnet.pkl", 31_400_000),
    "gmfss-rife": _gmfss("its RIFE 4.6", Contents.RIFE_4_6, "rife.pkl", 21_200_000),
    "seine": PublishedModel(
        title="SEINE, generative transitions; needs stable-diffusion-v1-4 too",
        contents=Contents.SEINE,
        weights=PublishedFile(
            page=f"{_HUB}/xinyuanc91/SEINE",
            file="seine.pt",
            licence="Apache-2.0",
            about_bytes=3_640_000_000,
            repo="xinyuanc91/SEINE",
        ),
    ),
    "stable-diffusion-v1-4": PublishedModel(
        title="Autoencoder, text encoder and tokenizer of Stable Diffusion 1.4, for SEINE",
        contents=Contents.AS_IT_IS,
        weights=_stable_diffusion("vae/diffusion_pytorch_model.safetensors", 335_000_000),
        others=(
            _stable_diffusion("vae/config.json", 1_000),
            _stable_diffusion("text_encoder/config.json", 1_000),
            _stable_diffusion("text_encoder/model.safetensors", 492_000_000),
            _stable_diffusion("tokenizer/merges.txt", 525_000),
            _stable_diffusion("tokenizer/vocab.json", 1_060_000),
            _stable_diffusion("tokenizer/special_tokens_map.json", 1_000),
            _stable_diffusion("tokenizer/tokenizer_config.json", 1_000),
        ),
    ),
}
"""Name → what it stands for."""
