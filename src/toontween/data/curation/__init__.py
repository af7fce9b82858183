"""Films into clips: which drawings a shot is made of, without its borders and without repeats."""
