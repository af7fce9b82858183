"""Segment-guided matching: flat regions of two drawings are found, matched by looks, size and place, and made a flow."""
