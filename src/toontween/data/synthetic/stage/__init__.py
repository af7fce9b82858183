"""The stage of the procedural studio: camera, colours, looks, backdrops."""
