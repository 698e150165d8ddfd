"""Fields of files: each says what it must be, and where it stands."""

from __future__ import annotations

import pytest

from sam_widget import AnnotationError
from sam_widget.formats.reading.field import Field
from sam_widget.formats.reading.json_reading import parse_json


def field(value):
    return Field(value, "a[3].b", "x.json")


@pytest.mark.parametrize(
    ("value", "take", "message"),
    [
        ([], lambda one: one["key"], "must be an object {...}, got []."),
        ({}, lambda one: one["key"], "the key 'key' is missing."),
        ({"key": None}, lambda one: one["key"], "the key 'key' is missing."),
        ("x", Field.values, "must be a list [...], got 'x'."),
        ([0] * 3, lambda one: one.values(2), "has 3 elements; at most 2 are read."),
        (3, Field.text, "must be a text, got 3."),
        ("xxx", lambda one: one.text(2), "has 3 characters; at most 2 are read."),
        ("x" * 201, Field.label, "has 201 characters; at most 200 are read."),
        (True, lambda one: one.integer(0, 9), "must be a whole number, got True."),
        (2.5, lambda one: one.integer(0, 9), "must be a whole number, got 2.5."),
        (10, lambda one: one.integer(0, 9), "must be from 0 to 9, got 10."),
        (10**400, lambda one: one.integer(0, 9), "must be from 0 to 9, got a very long number."),
        (True, Field.number, "must be a number, got True."),
        (1e300, Field.number, "must be a number from -1.04858e+06 to 1.04858e+06, got 1e+300."),
        ([1, 2], lambda one: one.numbers(4), "must have 4 numbers, got 2."),
        ([1, True], Field.numbers, "must be a list of numbers, got [1, True]."),
        ([1, 1e9], Field.numbers, "numbers must be from -1048576 to 1048576."),
        ([[1, 2], [3]], Field.pairs, "[1] must be [x, y], got [3]."),
        (1, Field.boolean, "must be true or false, got 1."),
        ({"width": 2**14, "height": 2**14}, Field.size, "an image must have at most 134217728"),
        (list(range(99)), Field.mapping, "must be an object {...}, got list of 99."),
    ],
)
def test_errors_say_what_was_expected_what_came_and_where(value, take, message):
    with pytest.raises(AnnotationError) as caught:
        take(field(value))
    assert str(caught.value).startswith(f"x.json: a[3].b: {message}")


def test_places_grow_on_the_way_in():
    document = parse_json(b'\xef\xbb\xbf{"a": [{"b": 1}, {"b": [2, "x"]}]}', "x.json")
    second = list(document["a"].items())[1]
    assert (second.where, second["b"].where) == ("a[1]", "a[1].b")
    assert document.get("missing") is None
    with pytest.raises(AnnotationError, match=r"^x.json: a\[1\].b: must be a list of numbers"):
        second["b"].numbers()


def test_good_values_are_given_back():
    assert field(3.0).integer(0, 9) == 3
    assert field(3).number() == 3.0
    assert field([1, 2.5]).numbers().tolist() == [1.0, 2.5]
    assert field([]).pairs().shape == (0, 2)
    assert field({"width": 4, "height": 3}).size() == (3, 4)
    assert field({"size": [1, 2], "counts": [1, 1]}).rle((1, 2)).area == 1


def test_a_run_length_code_has_no_more_runs_than_pixels():
    for counts in ([0] * 30 + [2], "0" * 300):
        with pytest.raises(AnnotationError, match="more runs than the image has pixels"):
            field({"size": [1, 2], "counts": counts}).rle((1, 2))
