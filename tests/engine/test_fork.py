"""After a fork a machine starts threads of its own; the child ends on its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FORKS = """
import os, signal
import chainrule as cr

X, y = cr.points("moons", count=2000, seed=1)
network = cr.Network([cr.Dense(64, "tanh"), cr.Dense(64, "tanh"), cr.Dense(1, "sigmoid")])
model = cr.fit(network, X, y, epochs=2, batch_size="all", threads=2)
before = model.predict_proba(X)
child = os.fork()
if child == 0:
    signal.alarm(60)
    same = (model.predict_proba(X) == before).all()
    more = cr.fit(network, X, y, epochs=2, batch_size="all", threads=2)
    same = same and (more.parameters["W1"] == model.parameters["W1"]).all()
    del model, more
    os._exit(0 if same else 1)
assert (model.predict_proba(X) == before).all()
del model
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_predicts_and_trains_as_its_parent_does() -> None:
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "leaked" not in done.stderr
