from __future__ import annotations

from sam_widget.errors import StaleGesture
from sam_widget.widget.wire import problems


def test_problems_say_what_to_do():
    assert problems.problem_of(StaleGesture("gone"))["code"] == "stale"
    memory = problems.problem_of(RuntimeError("CUDA out of memory. Tried to allocate"))
    assert "smaller" in memory["hint"]
    internal = problems.problem_of(KeyError("x"))
    assert internal["code"] == "internal"
    assert "KeyError" in internal["message"]
