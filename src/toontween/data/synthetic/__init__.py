"""Procedural drawn animation: a cast, its poses and timing, backgrounds. Needs the extra `draw`."""
