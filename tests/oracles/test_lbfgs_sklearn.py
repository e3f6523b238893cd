"""L-BFGS finds the coefficients that scikit-learn's logistic regression finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import chainrule as cr


@pytest.mark.parametrize(("dtype", "tolerance", "near"), [(np.float32, 1e-6, 1e-3), (np.float64, 1e-9, 1e-6)])
@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression(dtype: Any, tolerance: float, near: float, classes: int) -> None:
    rng = np.random.default_rng(classes)
    X = rng.standard_normal((150, 6))
    y = (X @ rng.standard_normal((6, classes)) + rng.standard_normal((150, classes))).argmax(axis=1)
    peer = LogisticRegression(C=2.0, tol=1e-10, max_iter=1000).fit(X, y)
    layer = cr.Dense(1, "sigmoid") if classes == 2 else cr.Dense(classes, "softmax")
    model = cr.fit(
        cr.Network([layer]),
        X,
        y,
        optimizer=cr.LBFGS(tolerance=tolerance),
        batch_size="all",
        epochs=500,
        l2=1 / (2.0 * len(X)),
        dtype=dtype,
    )
    W, b = model.parameters["W1"], model.parameters["b1"]
    np.testing.assert_allclose(W.T, peer.coef_, atol=near)
    # Biases of a softmax are known but for a common number.
    np.testing.assert_allclose(b - b.mean() if classes > 2 else b, peer.intercept_, atol=near)
