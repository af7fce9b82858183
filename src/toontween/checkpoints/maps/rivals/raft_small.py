"""Published names of RAFT, the small network, → ours; in both namings, as for the large one."""

from typing import Any

from toontween.checkpoints.maps.rivals.raft import KEY_MAP, PREFIX, config_from_original

__all__ = ["KEY_MAP", "PREFIX", "PUBLISHED", "SIGNATURE", "config_from_original"]

PUBLISHED: dict[str, Any] = {"small": True}
"""The section of the published network."""

SIGNATURE = (
    r"(cnet|context_encoder)\..*",
    r"update_block\.(gru|recurrent_block\.convgru1)\.convz\.weight",
    r"fnet\.layer1\.0\.conv3\.weight|feature_encoder\.layer1\.0\.convnormrelu3\.0\.weight",
)
