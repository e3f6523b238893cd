"""What runs once, what runs for each block, and what runs at the end."""

from collections.abc import Callable

import numpy as np

import chainrule as cr
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.program import Draw, Instruction, Map, Matmul, Program, Reduce, sources_of
from chainrule.graph.expression import Expression
from tests.compiler.networks import PROGRAMS, cross_entropy, layers, step
from tests.compiler.running import compile_entry

X = cr.examples("X", features=3)
v = cr.examples("v")
W = cr.parameter("W", (3, 2))
w = cr.parameter("w", (3,))


def opcodes(section: tuple[Instruction, ...]) -> list[str]:
    return [one.opcode for item in section if isinstance(item, Map) for one in item.steps]


def program_of(**outputs: Expression) -> Program:
    return compile_entry(outputs).program


def test_what_depends_on_parameters_alone_runs_before_the_blocks() -> None:
    (phase,) = program_of(out=X @ cr.exp(cr.tanh(W))).entries["entry"].phases
    assert opcodes(phase.prologue) == ["tanh", "exp"]
    assert [type(item) for item in phase.block] == [Matmul]


def test_products_and_sums_of_parameters_run_before_the_blocks() -> None:
    (phase,) = program_of(out=X * (W @ cr.sum(W, axis=0))).entries["entry"].phases
    assert [type(item) for item in phase.prologue] == [Reduce, Matmul]
    assert opcodes(phase.block) == ["multiply"]


def test_random_numbers_of_fixed_shape_are_drawn_before_the_blocks() -> None:
    (phase,) = program_of(out=X * cr.draw((3,), node=1)).entries["entry"].phases
    assert [type(item) for item in phase.prologue] == [Draw]


def test_penalties_run_at_the_end() -> None:
    entry = program_of(J=cr.mean(v) + cr.sum(cr.tanh(W))).entries["entry"]
    assert entry.phases[0].prologue == ()
    assert "tanh" not in opcodes(entry.phases[0].block)
    assert "tanh" in opcodes(entry.epilogue)


def test_updates_run_at_the_end() -> None:
    Z, parameters = layers([3, 1])
    program = step(cross_entropy(Z), parameters).program
    states = set(program.named("state").values())
    written = {at for item in program.entries["step"].epilogue if isinstance(item, Map) for at in item.destinations}
    assert states <= written


def test_what_a_later_sum_needs_is_computed_again_from_the_data() -> None:
    a = cr.tanh(v)
    first, second = program_of(J=cr.mean((a - cr.mean(a)) ** 2)).entries["entry"].phases
    assert opcodes(first.block) == ["tanh"]
    assert "tanh" in opcodes(second.block)
    assert opcodes(second.prologue) == ["divide"]


def test_rows_that_are_results_are_read_back_in_a_later_phase() -> None:
    a = cr.tanh(v)
    program = program_of(a=a, J=cr.mean((a - cr.mean(a)) ** 2))
    first, second = program.entries["entry"].phases
    assert opcodes(first.block) == ["tanh"]
    assert "tanh" not in opcodes(second.block)
    rows = program.entries["entry"].outputs["a"]
    assert rows in {at for item in second.block for at in sources_of(item)}


def test_a_chain_of_sums_has_a_phase_for_each() -> None:
    value: Expression = v
    for count in range(1, 5):
        value = v * cr.sum(value)
        assert len(program_of(J=cr.sum(value)).entries["entry"].phases) == count + 1


def test_sums_that_do_not_wait_for_one_another_share_a_phase() -> None:
    J = cr.mean(X @ w) ** 2 + cr.log(cr.sum(cr.exp(v))) + cr.max(v)
    assert len(program_of(J=J).entries["entry"].phases) == 1


def test_no_examples_no_phases() -> None:
    entry = program_of(J=cr.sum(W**2)).entries["entry"]
    assert entry.phases == ()


def test_chains_of_elementwise_operations_are_one_map() -> None:
    (phase,) = program_of(out=cr.gelu(cr.sigmoid(X * w) + cr.exp(-X))).entries["entry"].phases
    assert len(phase.block) == 1


def test_transposes_are_part_of_products() -> None:
    for build in PROGRAMS.values():
        assert "transpose" not in build().program.listing()


def test_raw_data_go_into_products_as_they_are() -> None:
    def reads_raw(program: Program) -> bool:
        data = program.named("data")["X"]
        readers = [item for item in program.entries["entry"].instructions() if data in sources_of(item)]
        return all(isinstance(item, Matmul) for item in readers) and bool(readers)

    shift = np.array([1.0, -2.0, 0.5])
    scaled: list[Callable[[], Expression]] = [
        lambda: X / 255,
        lambda: 2 * X,
        lambda: X * w,
        lambda: X / cr.exp(w),
        lambda: X - 2,
        lambda: (X - shift) * [0.5, 1.0, 2.0],
        lambda: (X - shift) / 2,
    ]
    for build in scaled:
        x = build()
        assert reads_raw(program_of(z=x @ W, g=x.T @ cr.reshape(v, ("m", 1)), h=cr.reshape(v, ("m", 1)).T @ x))


def test_products_read_preprocessed_rows_where_that_is_exacter_or_costs_less() -> None:
    far, many = (X - 1000.0) @ W, (X * w) @ cr.parameter("V", (3, 9))
    for z in (far, many, (X - w) @ W):
        first, *_ = program_of(z=z).entries["entry"].phases[0].block
        assert isinstance(first, Map)


def test_numbers_are_multiplied_with_one_another_first() -> None:
    rate = cr.variable("rate")
    product = rate * (1 / cr.example_count() * cr.sum(X, axis=0)) * 2
    *before, last = program_of(z=product).entries["entry"].epilogue
    assert isinstance(last, Map)
    assert len(last.steps) == 1, "one product for each number of the sum"
    assert len(before) == 1


def test_prediction_with_a_step_in_one_program_shares_its_state() -> None:
    Z, parameters = layers([3, 4, 1])
    rate = cr.variable("rate")
    gradients = cr.gradients(cross_entropy(Z), parameters)
    updates = {p: p - rate * g for p, g in zip(parameters, gradients, strict=True)}
    compiled = compile_program({"step": EntrySpec({}, updates), "forward": EntrySpec({"y_hat": Z})}, scalars=[rate])
    assert set(compiled.program.named("state")) == {"W1", "b1", "W2", "b2"}
    forward = compiled.program.entries["forward"]
    assert all(not item.accumulate for item in forward.instructions() if isinstance(item, Matmul))
