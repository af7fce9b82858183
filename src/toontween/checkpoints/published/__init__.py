"""The catalogue of weights: what can be pulled by name, who published it where, under which licence."""
