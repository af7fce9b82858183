"""EISAI: in-betweens of drawings by soft splatting and distances to lines (Chen and Zwicker, ECCV 2022)."""
