"""Numbers that a clip is judged by. One whose weights are not here says so; it never passes a clip unseen.

A scorer is a class that is made from the weights that were given (name → path) and has `score(clip)`, which gives a number
or raises `UnavailableError` for what it cannot judge. A captioner has `caption(clip)` instead. Others take the place of ours
by name: `--plug aesthetic=my_module:MyScorer` or `my_file.py:MyScorer`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import AutoTokenizer, CLIPModel

from toontween.checkpoints.convert import open_checkpoint
from toontween.data.clips import Clip
from toontween.errors import InputError, UnavailableError
from toontween.models.clip import MEAN, STD
from toontween.registry import Registry, load_foreign

SCORERS = Registry(
    "scorer",
    {
        "motion": "toontween.data.curation.scorers:Motion",
        "text-area": "toontween.data.curation.scorers:TextArea",
        "aesthetic": "toontween.data.curation.scorers:Aesthetic",
        "similarity": "toontween.data.curation.scorers:Similarity",
    },
)
"""Name → class, in the order in which clips are judged."""

FLOW_WIDTH = 256
"""Pixels to which drawings are scaled before their motion is measured."""

FLOW_SECONDS = 0.5
"""Time between the drawings that are compared."""

_TEXT_LIKELY = 0.3
_LEAST_TEXT_PX = 2
_UNSHRINK = 1.5
"""How far a line grows on all sides together, in its area by half its circumference: what training shrank."""


@runtime_checkable
class Scorer(Protocol):
    """A number for a clip."""

    def score(self, clip: Clip) -> float:
        """Judge a clip.

        Raises:
            UnavailableError: It cannot be judged.
        """
        ...


class Motion:
    """Mean length of the optical flow (OpenCV's DIS) between drawings half a second apart, in pixels of a picture 256 wide."""

    def __init__(self, weights: Mapping[str, Path]) -> None:
        del weights
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def score(self, clip: Clip) -> float:
        """The mean over the clip."""
        height, width = clip.frames.shape[1:3]
        size = (FLOW_WIDTH, max(32, round(height * FLOW_WIDTH / width)))
        exposures = clip.exposures or (1,) * len(clip)
        times = np.cumsum((0, *exposures[:-1])) / clip.fps
        lengths = []
        first = 0
        while first < len(clip) - 1:
            later = int(np.searchsorted(times, times[first] + FLOW_SECONDS))
            second = min(max(later, first + 1), len(clip) - 1)
            pair = [
                cv2.cvtColor(
                    cv2.resize(clip.frames[n], size, interpolation=cv2.INTER_AREA),
                    cv2.COLOR_RGB2GRAY,
                )
                for n in (first, second)
            ]
            flow = self._flow.calc(pair[0], pair[1], None)  # pyright: ignore[reportCallIssue, reportArgumentType]
            lengths.append(float(np.linalg.norm(flow, axis=-1).mean()))
            first = second
        return float(np.mean(lengths))


class TextArea:
    """Share of the picture that letters cover, the most of three drawings, found by a DB network (arXiv 1911.08947).

    Weights: `text-area`, an ONNX file such as `text_detection_en_ppocrv3` of OpenCV's model zoo: pictures in, a map of
    probabilities of shrunk letters' lines out.
    """

    def __init__(self, weights: Mapping[str, Path]) -> None:
        path = _needed(weights, "text-area")
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise InputError(f"{path} is not a readable ONNX file: {error.err}") from error

    def score(self, clip: Clip) -> float:
        """The greatest share, 0…1."""
        return max(self._share(frame) for frame in _three(clip))

    def _share(self, frame: np.ndarray) -> float:
        height, width = (max(32, 32 * round(side / 32)) for side in frame.shape[:2])
        scale, mean = 1 / 255.0, (122.68, 116.67, 104.01)
        bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        self._network.setInput(cv2.dnn.blobFromImage(bgr, scale, (width, height), mean))
        likely = (np.squeeze(self._network.forward()) > _TEXT_LIKELY).astype(np.uint8)
        covered = np.zeros_like(likely)
        for line in cv2.findContours(likely, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
            centre, (wide, high), angle = cv2.minAreaRect(line)
            if min(wide, high) < _LEAST_TEXT_PX:
                continue
            grown = _UNSHRINK * wide * high / (wide + high)
            corners = cv2.boxPoints((centre, (wide + grown, high + grown), angle))
            cv2.fillPoly(covered, [corners.astype(np.int32)], 1)
        return float(covered.mean())


class Aesthetic:
    """LAION's aesthetic score (its first, linear heads) of three drawings, 0…10 in the main.

    Weights: `clip`, a folder with OpenAI's CLIP as transformers keeps it, and `aesthetic`, the head's file for that CLIP.
    """

    def __init__(self, weights: Mapping[str, Path]) -> None:
        self._clip = _clip_of(weights)
        path = _needed(weights, "aesthetic")
        head = open_checkpoint(path).tensors
        if not {"weight", "bias"} <= head.keys():
            raise InputError(f"{path} is not a linear head: it has {', '.join(head)}")
        self._weight, self._bias = head["weight"].float(), head["bias"].float()
        wide = self._clip.config.projection_dim
        if self._weight.shape != (1, wide):
            told = f"of width {self._weight.shape[-1]}, this CLIP gives {wide}"
            raise InputError(f"{path} is a head {told}", hint="take the head made for this CLIP")

    @torch.inference_mode()
    def score(self, clip: Clip) -> float:
        """The mean."""
        found = picture_embeddings(self._clip, _three(clip)) @ self._weight.T + self._bias
        return float(found.mean())


class Similarity:
    """Mean cosine between the caption's and three drawings' embeddings.

    Weights: `clip`, a folder with CLIP and its tokenizer as transformers keeps them.
    """

    def __init__(self, weights: Mapping[str, Path]) -> None:
        self._clip = _clip_of(weights)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(weights["clip"], local_files_only=True)

    @torch.inference_mode()
    def score(self, clip: Clip) -> float:
        """The mean, −1…1.

        Raises:
            UnavailableError: The clip has no caption.
        """
        if not clip.caption:
            raise UnavailableError("the clip has no caption")
        longest = self._clip.config.text_config.max_position_embeddings
        words = self._tokenizer(
            [clip.caption], return_tensors="pt", truncation=True, max_length=longest
        )
        text = _embedding(self._clip.get_text_features(**words))
        return float((picture_embeddings(self._clip, _three(clip)) @ text.T).mean())


def build_scorer(
    name: str, weights: Mapping[str, Path], plugs: Mapping[str, str]
) -> "Scorer | UnavailableError":
    """A scorer, or why there is none.

    Raises:
        InputError: Weights are of the wrong kind, or a plug does not exist.
        UnknownNameError: There is no such scorer.
    """
    try:
        if name in plugs:
            return load_foreign(plugs[name])(weights)
        return SCORERS.load(name)(weights)
    except UnavailableError as error:
        return error


def picture_embeddings(clip: Any, frames: list[np.ndarray]) -> torch.Tensor:
    """Embeddings of unit length of pictures, the middle square of each, of shape (n, d)."""
    side = clip.config.vision_config.image_size
    squares = [
        np.asarray(ImageOps.fit(Image.fromarray(frame), (side, side), Image.Resampling.BICUBIC))
        for frame in frames
    ]
    pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return _embedding(clip.get_image_features(pixel_values=(pixels - mean) / std))


def _embedding(found: Any) -> torch.Tensor:
    features = found if isinstance(found, torch.Tensor) else found.pooler_output
    return torch.nn.functional.normalize(features.float(), dim=-1)


def _clip_of(weights: Mapping[str, Path]) -> Any:
    folder = _needed(weights, "clip")
    try:
        return CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} holds no CLIP: {error}") from error


def _needed(weights: Mapping[str, Path], name: str) -> Path:
    if name not in weights:
        raise UnavailableError(f"its weights were not given: --weights {name}=PATH")
    if not weights[name].exists():
        raise UnavailableError(f"its weights are not here: {weights[name]}")
    return weights[name]


def _three(clip: Clip) -> list[np.ndarray]:
    last = len(clip) - 1
    return [clip.frames[index] for index in (0, last // 2, last)]
