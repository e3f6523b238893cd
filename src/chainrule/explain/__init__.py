"""One answer of a model, opened: every number on the way there and back, as a page, as text and as data."""
