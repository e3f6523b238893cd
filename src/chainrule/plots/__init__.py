"""Plots: matplotlib figures of training and of what was learned, and a page that moves through the epochs.

Each function returns a `matplotlib.figure.Figure`, which a notebook shows and `figure.savefig("name.png")` saves.
matplotlib is imported when the first plot is drawn.

Example:
    >>> import chainrule as cr
    >>> "slider" in dir(cr.plots)
    True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.plots.activation_plots import activations as activations
    from chainrule.plots.boundary_plots import decision_boundary as decision_boundary
    from chainrule.plots.cost_plane_plots import cost_directions as cost_directions
    from chainrule.plots.descent_plots import cost_curve as cost_curve
    from chainrule.plots.descent_plots import cost_surface as cost_surface
    from chainrule.plots.distribution_plots import distributions as distributions
    from chainrule.plots.evaluation_plots import calibration as calibration
    from chainrule.plots.evaluation_plots import learning_curves as learning_curves
    from chainrule.plots.evaluation_plots import thresholds as thresholds
    from chainrule.plots.neuron_plots import neuron_paths as neuron_paths
    from chainrule.plots.regression_plots import linear_against_logistic as linear_against_logistic
    from chainrule.plots.slider_page import slider as slider
    from chainrule.plots.timing_plots import loops_against_vectorised as loops_against_vectorised
    from chainrule.plots.weight_plots import weights as weights

# The home of each plot, one a line. A module is not called as its function: it would take its place here.
_HOMES = {
    "activations": "chainrule.plots.activation_plots",
    "calibration": "chainrule.plots.evaluation_plots",
    "cost_curve": "chainrule.plots.descent_plots",
    "cost_directions": "chainrule.plots.cost_plane_plots",
    "cost_surface": "chainrule.plots.descent_plots",
    "decision_boundary": "chainrule.plots.boundary_plots",
    "distributions": "chainrule.plots.distribution_plots",
    "learning_curves": "chainrule.plots.evaluation_plots",
    "linear_against_logistic": "chainrule.plots.regression_plots",
    "loops_against_vectorised": "chainrule.plots.timing_plots",
    "neuron_paths": "chainrule.plots.neuron_plots",
    "slider": "chainrule.plots.slider_page",
    "thresholds": "chainrule.plots.evaluation_plots",
    "weights": "chainrule.plots.weight_plots",
}
__all__ = [
    "activations",
    "calibration",
    "cost_curve",
    "cost_directions",
    "cost_surface",
    "decision_boundary",
    "distributions",
    "learning_curves",
    "linear_against_logistic",
    "loops_against_vectorised",
    "neuron_paths",
    "slider",
    "thresholds",
    "weights",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
