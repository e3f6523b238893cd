"""Data on its way to a network: raw rows, labels, class names, and what had to be skipped."""
