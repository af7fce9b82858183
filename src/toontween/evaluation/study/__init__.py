"""A study with people: a page on which they compare methods blindly, and the count of their votes."""
