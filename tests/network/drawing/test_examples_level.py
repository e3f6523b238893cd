"""The examples unrolled: each on its own way, the cost where they meet, gradients that add up."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.draw.drawing import Drawing
from chainrule.network.drawing.words import short
from tests.network.drawing.levels import assert_clear, dense, edges, groups, node, numbers, traced, written
from tests.network.drawing.rectangles import texts

SIZES = (2, 4, 1)
NETWORK = dense(SIZES)
NUMBERS = numbers(SIZES)


def examples(network: cr.Network = NETWORK, *args: Any, **options: Any) -> Drawing:
    return network.draw(*args, level="examples", **options)


def ways(drawing: Drawing) -> list[tuple[str, str]]:
    return edges(drawing, "forward")


def test_the_first_two_and_the_last_example_meet_in_J() -> None:
    drawing = examples()
    for mark in ("1", "2", "m"):
        names = [f"x^{{({mark})}}", f"a1^{{({mark})}}", f"a2^{{({mark})}}", f"L^{{({mark})}}", "J"]
        assert set(pairwise(names)) <= set(ways(drawing))
    assert len(ways(drawing)) == 12
    assert "J = (L(1) + L(2) + … + L(m)) / m" in written(drawing)
    assert len(groups(drawing, "ellipsis")) == 4


def test_parameters_are_shared_by_all_examples() -> None:
    drawing = examples(NETWORK, 2)
    first = [target for _, target in edges(drawing, "parameter")]
    assert first == [f"a{layer}^{{({mark})}}" for layer in (1, 2) for mark in ("1", "2", "m")]
    assert [group.texts for group in groups(drawing, "shared")] == [
        ("hidden layer 1", "4 neurons, relu", "W1 (2, 4)", "b1 (4,)"),
        ("output layer", "1 neuron, sigmoid", "W2 (4, 1)", "b2 (1,)"),
    ]


def test_a_box_has_the_formulas_of_its_example() -> None:
    assert node(examples(), "a1^{(2)}").texts == ("z1(2) = x(2) @ W1 + b1", "a1(2) = relu(z1(2))")
    columns = examples(notation="columns")
    assert node(columns, "a^{[2](m)}").texts == ("z[2](m) = W[2] a[1](m) + b[2]", "a[2](m) = sigmoid(z[2](m))")


def test_numbers_are_those_of_each_example() -> None:
    drawing = examples(**NUMBERS)
    trace = traced(NETWORK, NUMBERS)
    for mark, row in (("1", 0), ("2", 1), ("5", 4)):
        assert f"a2({mark}) = {short(float(trace.value('A2')[row, 0]))}" in node(drawing, f"a2^{{({mark})}}").texts
        assert f"= {short(float(trace.value('L')[row, 0]))}" in node(drawing, f"L^{{({mark})}}").texts
        assert f"y({mark}) = {NUMBERS['y'][row]}" in node(drawing, f"L^{{({mark})}}").texts
    assert f"= {short(float(trace.value('J')))}" in node(drawing, "J").texts


def test_few_examples_are_all_drawn() -> None:
    given = numbers(SIZES, m=3)
    drawing = examples(**given)
    assert groups(drawing, "ellipsis") == []
    assert "J = (L(1) + L(2) + L(3)) / 3" in written(drawing)
    one = examples(**numbers(SIZES, m=1))
    assert "J = L(1)" in written(one)
    assert_clear(one)


def test_more_examples_are_drawn_where_asked_for() -> None:
    drawing = examples(max_examples=4, **numbers(SIZES, m=9))
    assert [source for source, target in ways(drawing) if target == "J"] == [f"L^{{({i})}}" for i in (1, 2, 3, 9)]


def test_gradients_come_back_on_every_way_and_add_up() -> None:
    drawing = examples(backward=True, **NUMBERS)
    back = edges(drawing, "backward")
    for mark in ("1", "2", "5"):
        assert ("J", f"L^{{({mark})}}") in back
        assert (f"L^{{({mark})}}", f"a2^{{({mark})}}") in back
        assert (f"a2^{{({mark})}}", f"a1^{{({mark})}}") in back
    assert not any(target.startswith("x") for _, target in back)
    trace = traced(NETWORK, NUMBERS)
    first, second = groups(drawing, "sum")
    assert first.texts[0] == "dJ/dW1 = Σi x(i)T dJ/dz1(i)"
    together = ", ".join(f"[{short(float(value))}]" for value in trace.gradient("W2")[:, 0])
    assert f"sum: [{together}]" in second.texts
    part = trace.value("A1")[4] * trace.gradient("Z2")[4]
    added = f"adds to dJ/dW2: [{', '.join(f'[{short(float(value))}]' for value in part)}]"
    assert added in node(drawing, "a2^{(5)}").texts
    assert "dJ/dL(i) = 1 / 5 = 0.2" in node(drawing, "J").texts


def test_the_parts_of_all_examples_add_up_to_the_gradient() -> None:
    trace = traced(NETWORK, NUMBERS)
    parts = [np.outer(a, z) for a, z in zip(trace.value("A1"), trace.gradient("Z2"), strict=True)]
    assert np.sum(parts, axis=0) == pytest.approx(trace.gradient("W2"))


def test_without_numbers_gradients_are_formulas() -> None:
    drawing = examples(backward=True)
    assert "dJ/dz1(2) = dJ/da1(2) * (a1(2) > 0)" in node(drawing, "a1^{(2)}").texts
    assert "dJ/dL(i) = 1 / m" in node(drawing, "J").texts
    sums = groups(examples(backward=True, notation="columns"), "sum")
    assert sums[1].texts == ("dJ/dW[2] = Σi dJ/dz[2](i) a[1](i)T", "dJ/db[2] = Σi dJ/dz[2](i)")


def test_the_update_stands_under_the_sums() -> None:
    drawing = examples(backward=True, learning_rate=0.1, **NUMBERS)
    assert groups(drawing, "sum")[0].texts[-2:] == ("W1 := W1 - 0.1 * dJ/dW1", "b1 := b1 - 0.1 * dJ/db1")


def test_dropout_of_the_input_stands_in_its_box() -> None:
    network = cr.Network([cr.Dropout(0.2), cr.Dense(1, "sigmoid")])
    assert node(examples(network, backward=True), "x^{(1)}").texts == ("x(1)", "d0(1) = x(1) after dropout")


def test_dropout_and_identity_are_said() -> None:
    network = cr.Network([cr.Dense(3, "relu"), cr.Dropout(0.5), cr.Dense(1, bias=False)])
    drawing = examples(network, backward=True)
    assert "d1(1) = a1(1) after dropout" in node(drawing, "a1^{(1)}").texts
    assert node(drawing, "z2^{(1)}").texts[0] == "z2(1) = d1(1) @ W2"
    assert_clear(drawing)


def test_a_penalty_is_added_once() -> None:
    X, y = cr.examples("X", features=2), cr.examples("y", features=1)
    connected = NETWORK.connect(X)
    L = cr.binary_cross_entropy(connected.output, y).named("L")
    J = (cr.mean(L) + 0.5 * cr.sum(connected.weights[1] ** 2)).named("J")
    trace = cr.trace(J, {X: NUMBERS["X"], y: NUMBERS["y"][:, None], **NUMBERS["parameters"]})
    drawing = examples(trace=trace, backward=True)
    assert "J = mean(L) + 0.5 * sum(W2 ** 2)" in " ".join(node(drawing, "J").texts)
    assert groups(drawing, "sum")[1].written.startswith("dJ/dW2 = Σi a1(i)T dJ/dz2(i) + W2 sum with")
    assert "sum with the penalty:" in groups(drawing, "sum")[1].written


def test_layers_that_are_left_out_are_counted() -> None:
    drawing = examples(dense((2, 3, 3, 3, 3, 1)), max_layers=3, backward=True)
    assert "3 more layers" in written(drawing)
    assert_clear(drawing)


def test_a_trace_of_the_output_ends_there() -> None:
    X = cr.examples("X", features=2)
    trace = cr.trace(NETWORK.connect(X).output, {X: NUMBERS["X"], **NUMBERS["parameters"]})
    drawing = examples(trace=trace)
    assert {target for _, target in ways(drawing)} == {f"a{k}^{{({i})}}" for k in (1, 2) for i in (1, 2, 5)}
    with pytest.raises(cr.errors.UserError, match="cost"):
        examples(trace=trace, backward=True)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from([1, 2, 3, 5, 20]), min_size=2, max_size=5),
    st.sampled_from(["relu", "gelu", "identity"]),
    st.sampled_from(["rows", "columns"]),
    st.integers(0, 12),
    st.integers(3, 6),
    st.booleans(),
)
def test_nothing_overlaps_at_any_size(
    sizes: list[int], hidden: str, notation: Any, m: int, most: int, backward: bool
) -> None:
    given = numbers(sizes, m=m) if m else {}
    network = dense(sizes, hidden=hidden)
    drawing = examples(network, sizes[0], notation=notation, backward=backward, max_examples=most, **given)
    assert_clear(drawing)
    assert len(texts(drawing.svg)) > 10


def test_a_drawing_is_quick() -> None:
    sizes = (12288, 20, 7, 5, 1)
    network, given = dense(sizes), numbers(sizes, m=50)
    trace = traced(network, given)
    times = []
    for _ in range(3):
        start = time.process_time()
        examples(network, trace=trace, backward=True)
        times.append(time.process_time() - start)
    assert min(times) < 0.3
