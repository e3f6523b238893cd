"""What suits a network's output: the loss where none is said, and the labels that a loss reads."""

from __future__ import annotations

from chainrule.errors import UserError
from chainrule.graph.expression import Expression, examples
from chainrule.network.losses import LOSSES, Function, Loss
from chainrule.network.losses import loss as loss_of
from chainrule.network.network import Network

_SUITING = {"sigmoid": "binary_cross_entropy", "softmax": "categorical_cross_entropy"}


def output_activation(network: Network) -> str:
    """Return the name of the last layer's activation.

    >>> from chainrule.network.layers import Dense
    >>> output_activation(Network([Dense(1, "sigmoid")]))
    'sigmoid'
    """
    name: str = network.to_dict()["layers"][-1]["activation"]
    return name if isinstance(name, str) else "custom"


def loss_for(network: Network, choice: str | Loss | Function | None) -> Loss:
    """Return the loss that was chosen, or the one that suits the output.

    Raises:
        UserError: no such loss, or one that does not suit the number of outputs.

    >>> from chainrule.network.layers import Dense
    >>> loss_for(Network([Dense(3, "softmax")]), None).name
    'categorical_cross_entropy'
    """
    if choice is None:
        return LOSSES[_SUITING.get(output_activation(network), "squared_error")]
    chosen = loss_of(choice, outputs=network.outputs)
    if chosen.kind == "binary" and network.outputs > 1:
        raise UserError(
            f"{chosen.name} tells two classes apart with one output, but the network has {network.outputs}: "
            "use categorical_cross_entropy after a softmax"
        )
    return chosen


def labels_input(loss: Loss, output: Expression) -> Expression:
    """Return the input y in the shape in which a loss reads the labels of an output.

    >>> labels_input(LOSSES["categorical_cross_entropy"], examples("y_hat", features=3)).shape
    ('m',)
    """
    shape = loss.label_shape(output.shape)
    return examples("y") if len(shape) == 1 else examples("y", features=int(shape[1]))
