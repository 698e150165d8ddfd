"""Whatever was confirmed survives: processes that annotate are killed, and others go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from moves import MOVES
from survival.hazards import ERRORS
from survival.ledger import Ledger, Lost

ROOT = Path(__file__).parents[2]
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Whoever forks may have no threads."""

moves = st.tuples(
    st.sampled_from([(kind, name) for kind, some in MOVES.items() for name in some]),
    st.integers(0, 1 << 16),
).map(lambda drawn: [*drawn[0], drawn[1]])
some_moves = st.lists(moves, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def environment():
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **ALONE, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture(scope="module", autouse=True)
def server(environment):
    """The process that forks the persons of the state machine."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(ROOT / "tests" / "survival" / "server.py")]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        Survival.server = process
        yield
        process.stdin.close()


class Survival(RuleBasedStateMachine):
    """A person who annotates three photos, in processes that do not last."""

    server = None

    def do(self, *command):
        self.server.stdin.write(json.dumps(command) + "\n")
        self.server.stdin.flush()
        lost = json.loads(self.server.stdout.readline())
        assert not lost, lost

    @initialize()
    def begin(self):
        self.do("begin")

    @rule(alone=some_moves)
    def play(self, alone):
        self.do("ask", ["play", alone])

    @rule(threads=st.lists(some_moves, min_size=2, max_size=3))
    def play_at_the_same_time(self, threads):
        self.do("ask", ["play", *threads])

    @rule(
        after=st.integers(1, 40),
        share=st.floats(0, 1),
        threads=st.lists(some_moves, min_size=1, max_size=2),
    )
    def kill_in_the_middle(self, after, share, threads):
        self.do("ask", ["kill", after, share], ["play", *threads])
        self.do("kill")

    @rule(name=st.sampled_from(sorted(ERRORS)), times=st.integers(1, 10), alone=some_moves)
    def play_while_the_system_fails(self, name, times, alone):
        self.do("ask", ["fail", name, times], ["play", alone])

    @rule()
    def kill(self):
        self.do("kill")

    @rule()
    def end_in_order(self):
        self.do("end")

    def teardown(self):
        self.do("kill")
        self.do("close")


TestSurvival = Survival.TestCase
TestSurvival.settings = settings(
    max_examples=12, stateful_step_count=12, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize(
    ("kills", "options"),
    [
        (100, []),
        (40, ["--faults"]),
        (40, ["--processes", "2"]),
        (20, ["--processes", "2", "--faults"]),
    ],
    ids=["one", "faults", "two", "two and faults"],
)
def test_nothing_confirmed_is_lost_doubled_or_half_there(environment, kills, options):
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--runs", str(kills)]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) >= kills
    assert "lost: 0, doubled: 0, half there: 0" in done.stdout


# ---- the account itself -------------------------------------------------------------------------


def state(*ids, labels=None):
    objects = [[name, "cup", "#123456", True, "0"] for name in ids]
    steps = [[1, True, "0"]] if ids else []
    rest = {"label_colors": None, "note": None, "steps": steps, "undone": []}
    return {"objects": objects, "labels": labels, **rest}


def told(*messages):
    ledger = Ledger()
    for message in messages:
        ledger.take(7, list(message))
    ledger.ended(7)
    return ledger


STORY = (
    ("opened", "a", 1, state()),
    ("state", "a", 1, 1, state("x")),
    ("saved", "a", 1, 1),
    ("state", "a", 1, 2, state("x", "y")),
)


@pytest.mark.parametrize("found", [state("x"), state("x", "y")])
def test_what_was_under_way_is_there_or_not(found):
    ledger = told(STORY[0], *STORY[1:])
    ledger.take(8, ["opened", "a", 1, found])
    # From there on it is what was found.
    with pytest.raises(Lost):
        ledger.take(9, ["opened", "a", 1, state("x") if found != state("x") else state("x", "y")])


@pytest.mark.parametrize("found", [state(), state("x", "x"), state("x", "y", "z"), state("y")])
def test_what_was_confirmed_must_be_there_once(found):
    ledger = told(*STORY)
    with pytest.raises(Lost, match="it is none of these states"):
        ledger.take(8, ["opened", "a", 1, found])


def test_the_first_journal_must_be_empty():
    with pytest.raises(Lost):
        told(("opened", "a", 1, state("x")))


def test_statuses_are_what_was_marked_last():
    marked = (("marking", "a", "done"), ("marked", "a", "done", True), ("marking", "a", "skipped"))
    for status, is_fine in (("todo", False), ("done", True), ("skipped", True)):
        ledger = told(*marked, ("looking",))
        ledger.take(8, ["looking"])
        look = ["shown", {}, {"a": status}, "a"]
        if is_fine:
            ledger.take(8, look)
        else:
            with pytest.raises(Lost, match="should be one of"):
                ledger.take(8, look)


def test_a_method_that_returns_too_early_or_makes_things_up_is_found():
    with pytest.raises(Lost, match="returned before"):
        told(*STORY, ("made", 1, "", [], True))
    with pytest.raises(Lost, match="never there"):
        told(*STORY, ("made", 1, "", ["q"], False))
    with pytest.raises(Lost, match="nobody was told"):
        told(*STORY, ("adrift", "a", 1, "", state()))
