"""The troupe of the procedural studio: random characters and props that act. All are drawn in units of their own height."""
