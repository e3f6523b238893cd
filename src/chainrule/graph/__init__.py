"""The computational graph: expressions, operations, derivatives as expressions, and their value in NumPy."""

from chainrule.graph import ops  # fills the registry of operations

__all__ = ["ops"]
