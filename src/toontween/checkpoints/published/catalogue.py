"""All weights that are known by name."""

from collections.abc import Mapping

from toontween.checkpoints.published.files import PublishedModel
from toontween.checkpoints.published.measures import MEASURES
from toontween.checkpoints.published.rivals import RIVALS
from toontween.checkpoints.published.toon import TOON

MODELS: Mapping[str, PublishedModel] = {**TOON, **RIVALS, **MEASURES}
"""Names of published weights. A revision or hash of None is recorded at the first download."""
