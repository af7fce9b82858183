"""Accumulating measures by networks that people's judgements or captions trained: LPIPS, CLIP-img, CLIP-txt."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toontween.errors import InputError
from toontween.metrics.clip.network import ClipNetwork
from toontween.metrics.clip.scores import clip_image_score, clip_text_score
from toontween.metrics.clips import Counted, check_pair
from toontween.metrics.lpips.network import Lpips
from toontween.metrics.measures.base import ClipMeasure
from toontween.metrics.measures.pictures import MEAN
from toontween.metrics.protocol import MeasureProtocol


class LpipsMeasure(ClipMeasure):
    """LPIPS v0.1 against the true frames (`toontween.metrics.lpips.network`); 0 for equal frames.

    Protocol: frames in 0…1, converted inside; mean over the counted frames of a clip, then over clips. The net, its
    weights and which frames count are printed by `protocol.describe()`: papers leave both open.

    Args:
        network: LPIPS with its weights (`toontween.metrics.lpips.weights.load_lpips`); `to(device)` moves it along.
        counted: Which frames.
        batch_size: Frames in one pass of the network.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = False

    def __init__(
        self,
        network: Lpips,
        *,
        counted: Counted = Counted.INBETWEENS,
        batch_size: int = 8,
        **synchronisation: Any,
    ) -> None:
        self.counted, self.batch_size = Counted(counted), batch_size
        settings = {"frames": self.counted.value, "mean": MEAN, "net": network.net}
        settings |= {"range": "0…1", "weights": network.weights}
        protocol = MeasureProtocol(measure="lpips", version="v0.1", settings=settings)
        super().__init__(protocol=protocol, numbers=("lpips",), **synchronisation)
        self.network = network

    @torch.inference_mode()
    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, are no clips, not RGB or too small.
            InputError: There are too few frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=self.counted.fewest)
            parts = [self.counted.pick(clip).split(self.batch_size) for clip in (ours, truth)]
            distances = [self.network(x, y) for x, y in zip(*parts, strict=True)]
            self._keep(lpips=torch.cat(distances).double().mean())


class ClipScores(ClipMeasure):
    """CLIP-img and, with a tokeniser, CLIP-txt (`toontween.metrics.clip.scores`).

    Protocol: pictures as OpenAI's recipe prepares them; cosines of single frames, mean over the counted frames of a clip,
    then over clips. A clip without a caption has no CLIP-txt. Neither the model nor the frames are stated in the paper:
    both are printed by `protocol.describe()`.

    Args:
        network: Two towers, or one where no captions are scored.
        tokenise: Token ids (1, k) of a caption; without one there is no CLIP-txt.
        counted: Which frames.
        batch_size: Frames in one pass of the network.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = True

    def __init__(
        self,
        network: ClipNetwork,
        *,
        tokenise: Callable[[str], Int[Tensor, "1 k"]] | None = None,
        counted: Counted = Counted.INBETWEENS,
        batch_size: int = 16,
        **synchronisation: Any,
    ) -> None:
        self.counted, self.batch_size = Counted(counted), batch_size
        self.network, self.tokenise = network, tokenise
        settings = {"frames": self.counted.value, "mean": MEAN, "network": network.name}
        settings |= {"resize": f"PIL bicubic, shorter side to {network.side_px}, middle square"}
        protocol = MeasureProtocol(measure="clip", version="cosine", settings=settings)
        numbers = ("clip_img",) if tokenise is None else ("clip_img", "clip_txt")
        super().__init__(protocol=protocol, numbers=numbers, **synchronisation)

    def update(
        self,
        ours: Float[Tensor, "t c h w"],
        truth: Float[Tensor, "_ _ _ _"],
        caption: str | None = None,
    ) -> None:
        """Measure one clip.

        Args:
            ours: Our frames in 0…1.
            truth: The true frames.
            caption: What is to be seen; without one the clip has no CLIP-txt.

        Raises:
            ShapeError: The two differ in shape, are no clips or not RGB.
            InputError: There are too few frames, one holds a number that is not finite or out of range, or a caption was
                given that cannot be read.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=self.counted.fewest)
            features = [
                self.network.frame_features(self.counted.pick(clip), batch_size=self.batch_size)
                for clip in (ours, truth)
            ]
            found = {"clip_img": clip_image_score(features[0], features[1])}
            if "clip_txt" in self.numbers:
                found["clip_txt"] = self._caption_score(features[0], caption)
            elif caption is not None:
                raise InputError("a caption was given, but no tokeniser", hint="pass tokenise=…")
            self._keep(**found)

    def _caption_score(self, features: Float[Tensor, "t d"], caption: str | None) -> float:
        if self.tokenise is None or caption is None or not caption.strip():
            return float("nan")
        read = self.network.caption_features(self.tokenise(caption))
        return clip_text_score(features, read[0])
