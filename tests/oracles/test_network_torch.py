"""Networks against PyTorch: values and gradients through whole networks, in float64."""

from typing import Any

import numpy as np
import pytest
import torch

import chainrule as cr
from chainrule.network.activations import ACTIVATIONS, activation
from chainrule.network.connected import Connected
from chainrule.network.losses import LOSSES, Loss, loss, mean_cost, per_example
from chainrule.network.network import Network, initial_values
from chainrule.network.penalties import penalised

F = torch.nn.functional
ROWS, FEATURES = 7, 5

TORCH_ACTIVATIONS: dict[str, Any] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "softplus": F.softplus,
    "gelu": F.gelu,
    "silu": F.silu,
    "softmax": lambda z: F.softmax(z, dim=1),
}
# Each with the activation of the output that belongs to it.
TORCH_LOSSES: dict[str, tuple[str, Any]] = {
    "binary_cross_entropy": ("sigmoid", F.binary_cross_entropy),
    "categorical_cross_entropy": ("softmax", lambda p, y: F.nll_loss(torch.log(p), y)),
    "squared_error": ("identity", F.mse_loss),
    "absolute_error": ("identity", F.l1_loss),
}


def test_every_activation_and_loss_is_compared() -> None:
    assert set(TORCH_ACTIVATIONS) == set(ACTIVATIONS)
    assert set(TORCH_LOSSES) == set(LOSSES)


def labels(L: Loss, outputs: int, generator: np.random.Generator) -> Any:
    if L.kind == "categorical":
        return generator.integers(0, outputs, ROWS)
    if L.kind == "binary":
        return generator.integers(0, 2, (ROWS, outputs)).astype(float)
    return generator.normal(size=(ROWS, outputs))


def torch_output(names: list[str], X: torch.Tensor, parameters: list[torch.Tensor]) -> torch.Tensor:
    A = X
    for name, W, b in zip(names, parameters[::2], parameters[1::2], strict=True):
        A = TORCH_ACTIVATIONS[name](A @ W + b)
    return A


def given_values(part: Connected, generator: np.random.Generator) -> dict[Any, Any]:
    values: dict[Any, Any] = dict(zip(part.parameters, initial_values(part.parameters, seed=1), strict=True))
    for node in part.parameters:
        values[node] = values[node] + 0.1 * generator.normal(size=values[node].shape)
    return {**values, part.X: generator.normal(size=(ROWS, FEATURES))}


def in_torch(array: Any) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.int64 if np.asarray(array).dtype.kind == "i" else torch.float64)


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("loss_name", LOSSES)
@pytest.mark.parametrize("rewrite", [True, False], ids=["sound", "as written"])
def test_cost_and_gradients_are_those_of_pytorch(hidden: str, loss_name: str, rewrite: bool) -> None:
    generator = np.random.default_rng(2)
    last, torch_loss = TORCH_LOSSES[loss_name]
    names = [hidden, hidden, last]
    part = Network([cr.Dense(6, hidden), cr.Dense(4, hidden), cr.Dense(3, last)]).connect(
        cr.examples("X", features=FEATURES)
    )
    L = loss(loss_name)
    y = cr.variable("y", L.label_shape(part.output.shape))
    J = mean_cost(L(part.output, y))
    values = {**given_values(part, generator), y: labels(L, 3, generator)}

    parameters = [in_torch(values[node]).requires_grad_() for node in part.parameters]
    output = torch_output(names, in_torch(values[part.X]), parameters)
    cost = torch_loss(output, in_torch(values[y]))
    cost.backward()

    np.testing.assert_allclose(cr.value(part.output, values), output.detach().numpy(), rtol=1e-12)
    assert cr.value(J, values, rewrite=rewrite) == pytest.approx(cost.item(), rel=1e-12)
    for gradient, theirs in zip(cr.gradients(J, part.parameters), parameters, strict=True):
        assert theirs.grad is not None
        np.testing.assert_allclose(
            cr.value(gradient, values, rewrite=rewrite), theirs.grad.numpy(), rtol=1e-9, atol=1e-14
        )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative_are_those_of_pytorch(name: str) -> None:
    # At its kink (0) and in its tails too; PyTorch's softplus is the identity above 20.
    row = np.array([[-40.0, -3.0, -0.5, 0.0, 0.5, 3.0, 40.0]])
    z = cr.variable("z", ("m", row.shape[1]))
    weight = np.arange(1.0, 8.0)
    theirs = in_torch(row).requires_grad_()
    expected = TORCH_ACTIVATIONS[name](theirs)
    (expected * in_torch(weight)).sum().backward()
    assert theirs.grad is not None
    a = activation(name)(z)
    np.testing.assert_allclose(cr.value(a, z=row), expected.detach().numpy(), rtol=1e-8, atol=1e-15)
    slope = cr.grad(cr.sum(a * cr.constant(weight)), z)
    np.testing.assert_allclose(cr.value(slope, {z: row}), theirs.grad.numpy(), rtol=1e-8, atol=1e-15)


def test_l2_is_the_weight_decay_of_pytorch() -> None:
    generator = np.random.default_rng(4)
    part = Network([cr.Dense(2)]).connect(cr.examples("X", features=FEATURES))
    y = cr.variable("y", ("m", 2))
    J = mean_cost(loss("squared_error")(part.output, y))
    values = {**given_values(part, generator), y: generator.normal(size=(ROWS, 2))}
    W, b = (in_torch(values[node]).requires_grad_() for node in part.parameters)
    F.mse_loss(in_torch(values[part.X]) @ W + b, in_torch(values[y])).backward()
    before = W.detach().numpy().copy()
    torch.optim.SGD([W], lr=0.1, weight_decay=0.3).step()
    dW = cr.value(cr.grad(penalised(J, part.weights, l2=0.3), part.weights[0]), values)
    np.testing.assert_allclose(before - 0.1 * dW, W.detach().numpy(), rtol=1e-12)


def test_weighted_losses_are_those_of_pytorch() -> None:
    generator = np.random.default_rng(5)
    z, y, w = cr.variable("z", ("m", 3)), cr.variable("y", "m"), cr.variable("w", "m")
    J = mean_cost(loss("categorical_cross_entropy")(cr.softmax(z), y), w)
    logits, classes, of_class = generator.normal(size=(ROWS, 3)), generator.integers(0, 3, ROWS), [0.5, 2.0, 1.0]
    expected = F.cross_entropy(in_torch(logits), in_torch(classes), weight=in_torch(of_class))
    weights = np.array(of_class)[classes]
    assert cr.value(J, {z: logits, y: classes, w: weights}) == pytest.approx(expected.item(), rel=1e-12)


def test_dropped_values_and_their_gradient_scale_as_in_pytorch() -> None:
    # The draws differ; given the same draws, PyTorch's dropout is this mask over 1 - rate.
    A = cr.variable("A", ("m", 50))
    ones = np.ones((40, 50))
    dropped = cr.Dropout(0.3)(A, node=0)
    ours = cr.value(dropped, A=ones, seed=1)
    slope = cr.value(cr.grad(cr.sum(dropped), A), {A: ones}, seed=1)
    theirs = F.dropout(in_torch(ones), 0.3).numpy()
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs))
    assert (slope == ours).all()


def test_the_loss_of_one_example_is_that_of_pytorch_without_reduction() -> None:
    y_hat, y = cr.variable("y_hat", ("m", 1)), cr.variable("y", ("m", 1))
    p, t = np.array([[0.2], [0.9]]), np.array([[1.0], [1.0]])
    expected = F.binary_cross_entropy(in_torch(p), in_torch(t), reduction="none")[:, 0]
    np.testing.assert_allclose(
        cr.value(per_example(loss("binary_cross_entropy")(y_hat, y)), {y_hat: p, y: t}), expected.numpy()
    )
