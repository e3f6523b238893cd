"""Traces: every value, local derivative and gradient of a graph for given numbers, step by step."""
