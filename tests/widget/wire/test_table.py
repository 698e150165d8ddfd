from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sam_widget import Session
from sam_widget.errors import ProtocolError
from sam_widget.widget.wire.fields import (
    MAX_COORDINATE,
    Box,
    Color,
    Count,
    Flag,
    ListOf,
    Number,
    OneOf,
    OrNull,
    Points,
    Text,
)
from sam_widget.widget.wire.requests import parse_request
from sam_widget.widget.wire.table import ENVELOPE, GESTURES, MESSAGES, OPTIONAL_ENVELOPE

NEITHER_NUMBER_NOR_NULL = st.text(max_size=3) | st.lists(st.integers(), max_size=3) | st.booleans()
JSON = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
) | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)


def numbers(kind):
    least = -kind.most if kind.above is None else kind.above
    floats = st.floats(least, kind.most, exclude_min=kind.above is not None)
    return floats | st.just(kind.most)


def no_numbers(kind):
    beyond = [float("nan"), float("inf"), np.nextafter(kind.most, np.inf).item(), 10**400]
    beyond.append(-beyond[2] if kind.above is None else kind.above)
    return NEITHER_NUMBER_NOR_NULL | st.none() | st.sampled_from(beyond)


def counts(kind):
    bounds = [kind.least, int(kind.most), float(kind.least)]
    return st.integers(kind.least, int(kind.most)) | st.sampled_from(bounds)


def no_counts(kind):
    beyond = [kind.least - 1, kind.most + 1, kind.least + 0.5, float("nan"), 10**400]
    return NEITHER_NUMBER_NOR_NULL | st.none() | st.sampled_from(beyond)


def no_boxes(_):
    short = st.lists(numbers(Number()), max_size=3)
    return JSON | short | st.lists(no_numbers(Number()), min_size=4, max_size=4)


def no_lists(kind):
    beyond = [[0] * (kind.most + 1), *([[]] if kind.least else [])]
    wrong = st.lists(invalid(kind.item), min_size=max(kind.least, 1), max_size=3)
    return JSON | st.sampled_from(beyond) | wrong


def points(kind):
    sizes = st.integers(max(kind.least, 1), 8) | st.just(kind.most)
    buffers = sizes.map(lambda count: [np.arange(2 * count, dtype="<f4").tobytes()])
    return buffers if kind.least else buffers | st.just([])


def no_points(kind):
    sizes = [[8 * (kind.most + 1)], [8 * kind.most + 4], [0], [8, 8], [3]]
    buffers = [[bytes(size) for size in some] for some in sizes]
    buffers += [["text"], [None], [np.array([1, np.nan], "<f4").tobytes()]]
    buffers += [[bytes(8 * (kind.least - 1))], []] if kind.least else []
    return st.sampled_from(buffers)


WORDS_OF_NO_COLOR = ["#12345", "#1234567", "#12345g", "123456", "#123456\n"]
VALUES = {
    Number: (numbers, no_numbers),
    Count: (counts, no_counts),
    Flag: (
        lambda _: st.booleans(),
        lambda _: JSON.filter(lambda value: not isinstance(value, bool)),
    ),
    Text: (
        lambda kind: st.text(max_size=min(kind.most, 20)) | st.just("x" * kind.most),
        lambda kind: (
            JSON.filter(lambda value: not isinstance(value, str)) | st.just("x" * (kind.most + 1))
        ),
    ),
    OneOf: (
        lambda kind: st.sampled_from(kind.choices),
        lambda kind: JSON.filter(lambda value: value not in kind.choices),
    ),
    Color: (
        lambda _: st.from_regex(r"\A#[0-9a-fA-F]{6}\Z"),
        lambda _: JSON | st.sampled_from(WORDS_OF_NO_COLOR),
    ),
    Box: (lambda _: st.lists(numbers(Number()), min_size=4, max_size=4), no_boxes),
    ListOf: (
        lambda kind: st.lists(valid(kind.item), min_size=kind.least, max_size=5),
        no_lists,
    ),
    OrNull: (
        lambda kind: st.none() | valid(kind.kind),
        lambda kind: invalid(kind.kind).filter(lambda value: value is not None),
    ),
    Points: (points, no_points),
}
"""Values that a kind of field takes, at its bounds too, and values just beyond, and others."""


def valid(kind):
    return VALUES[type(kind)][0](kind)


def invalid(kind):
    return VALUES[type(kind)][1](kind)


def all_fields(message):
    return {**ENVELOPE, **OPTIONAL_ENVELOPE, **message.required, **message.optional}


def parse(message, values):
    """Parse a message whose fields have these values; points go along as buffers."""
    points = [name for name, kind in message.required.items() if isinstance(kind, Points)]
    content = {name: value for name, value in values.items() if name not in points}
    buffers = values[points[0]] if points else []
    return parse_request({"type": message.type, **content}, buffers)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@settings(max_examples=25)
@given(data=st.data())
def test_valid_values_of_every_field_are_taken(message, data):
    values = {name: data.draw(valid(kind), name) for name, kind in all_fields(message).items()}
    for name in {**message.optional, **OPTIONAL_ENVELOPE}:
        if data.draw(st.booleans()):
            del values[name]
    request = parse(message, values)
    assert request.id == values["id"].encode("utf-8", "replace").decode()
    assert request.version == values["version"]
    expected = values.keys() - ENVELOPE.keys() - OPTIONAL_ENVELOPE.keys()
    expected -= {name for name, value in values.items() if value == []} - {"ids", "rows"}
    assert request.arguments.keys() == expected


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@settings(max_examples=25)
@given(data=st.data())
def test_an_invalid_value_of_any_field_is_refused_with_its_name(message, data):
    fields = all_fields(message)
    values = {name: data.draw(valid(kind)) for name, kind in fields.items()}
    name = data.draw(st.sampled_from(sorted(fields)), "field")
    values[name] = data.draw(invalid(fields[name]), "value")
    expected = "buffer" if isinstance(fields[name], Points) else name
    with pytest.raises(ProtocolError, match=f"^{message.type}.*{expected}"):
        parse(message, values)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@settings(max_examples=25)
@given(data=st.data())
def test_a_message_without_a_field_is_refused_with_its_name(message, data):
    values = {name: data.draw(valid(kind)) for name, kind in all_fields(message).items()}
    name = data.draw(st.sampled_from(sorted({**ENVELOPE, **message.required})))
    assume(not isinstance(message.required.get(name), Points))
    del values[name]
    with pytest.raises(ProtocolError, match=f"{message.type} needs the field '{name}'"):
        parse(message, values)


@pytest.mark.parametrize("message", GESTURES.values(), ids=GESTURES)
def test_every_gesture_is_a_method_of_the_session_with_these_arguments(message):
    parameters = inspect.signature(getattr(Session, message.type)).parameters
    expected = [name for name in (*message.required, *message.optional) if name != "revision"]
    # In this order, which is that of the page's functions, too.
    assert list(parameters) == ["self", *expected, *(["as_of"] if message.as_of else [])]
    assert all(parameters[name].default is None for name in message.optional)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_every_message_says_in_one_line_what_it_is(message):
    assert message.doc[0].isupper()
    assert message.doc.endswith(".")
    assert len(message.doc) <= 90


def test_edits_have_an_annotation_to_ask_whether_they_wait():
    edits = [message for message in GESTURES.values() if "without" in message.waits]
    assert len(edits) > 5
    assert all("annotation_id" in message.fields for message in edits)


def test_bounds_of_pixels_hold_the_largest_image():
    assert MAX_COORDINATE**2 > 2**27
