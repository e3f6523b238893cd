"""The operations, one record each: importing this package fills the registry."""

from chainrule.graph.ops import (
    activation,
    comparison,
    cross_entropy,
    elementwise,
    linear_algebra,
    reduction,
    shape,
)

__all__ = ["activation", "comparison", "cross_entropy", "elementwise", "linear_algebra", "reduction", "shape"]
