"""Measures by name: what they are called in a table, what they need, by which protocol they are taken."""
