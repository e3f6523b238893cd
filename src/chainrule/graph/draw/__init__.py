"""Drawings as SVG: a small canvas, and the pictures of graphs and traces."""
