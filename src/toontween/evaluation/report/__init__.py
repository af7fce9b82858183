"""Tables for people: Markdown, CSV, and a page with flip-books."""
