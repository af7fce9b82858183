"""ToonTween: in-betweening for drawn animation."""
