"""Methods × measures × clips, on the same frames and by the same protocols."""
