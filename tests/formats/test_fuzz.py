"""A short run of what ``benchmarks/fuzz_formats.py`` does at length."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import format_inputs
from benchmarks.format_inputs import (
    PARSED_WHOLE,
    READERS,
    MisbehaviourError,
    check,
    large_inputs,
    mutated,
    seeds,
)

pytestmark = pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("reader", READERS)
def test_good_inputs_are_read(reader, folder):
    for data in seeds(reader)[:1]:
        assert check(reader, data, folder).accepted


@pytest.mark.parametrize("reader", READERS)
def test_twenty_thousand_objects_are_read(reader, folder):
    path, options = format_inputs._written(reader, large_inputs(reader)[0], folder)
    expected = 500 if reader in PARSED_WHOLE else 20_000
    assert len(format_inputs.load(path, reader, **options)) >= expected


@pytest.mark.parametrize("reader", READERS)
def test_bad_inputs_are_read_or_refused_and_nothing_else(reader, folder):
    good = seeds(reader)

    @given(st.integers(0, 2**32), st.integers(0, len(good) - 1), st.integers(1, 3))
    @settings(max_examples=150)
    def changed(seed, which, times):
        rng = random.Random(seed)
        data = good[which]
        for _ in range(times):
            data = mutated(data, rng)
        check(reader, data, folder)

    changed()


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_are_refused(reader, data, tmp_path_factory):
    check(reader, data, tmp_path_factory.getbasetemp())


def test_the_check_itself_notices(folder, monkeypatch):
    good = seeds("coco")[0]
    monkeypatch.setattr(format_inputs, "MAX_SECONDS", 0)
    with pytest.raises(MisbehaviourError, match=r"took \d"):
        check("coco", good, folder)
    monkeypatch.undo()
    monkeypatch.setattr(format_inputs, "FREE_BYTES", 0)
    monkeypatch.setattr(format_inputs, "MAX_RATIO", 0)
    with pytest.raises(MisbehaviourError, match=r"took [\d,]+ bytes"):
        check("coco", good, folder)
    monkeypatch.undo()
    monkeypatch.setattr(format_inputs, "load", lambda *_arguments, **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check("coco", good, folder)
