from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget.errors import ProtocolError
from sam_widget.widget.wire import problems, requests
from sam_widget.widget.wire.table import EVERYTHING, GESTURES, MESSAGES, NAVIGATION, QUERIES

EXAMPLES = Path(__file__).parents[2] / "protocol"


def example(name):
    return json.loads((EXAMPLES / name).read_text())


@pytest.mark.parametrize("case", example("gestures.json"), ids=lambda case: case["action"])
def test_every_gesture_of_the_page_is_understood(case):
    points = case.get("points")
    buffers = [] if points is None else [np.array(points, "<f4").tobytes()]
    request = requests.parse_request({**case["message"], "id": "v-1", "version": 3}, buffers)
    given_fields = {key: value for key, value in case["message"].items() if key != "type"}
    if points is not None:
        name = "line" if request.type == "split" else "points"
        given_fields[name] = tuple(zip(points[::2], points[1::2], strict=True))
    assert request == requests.Request(case["message"]["type"], "v-1", 3, given_fields)


def test_the_examples_cover_every_message():
    gestures = {case["message"]["type"] for case in example("gestures.json")}
    assert gestures == set(GESTURES)
    asked = {case["type"] for case in example("queries.json")}
    assert asked == set(QUERIES) | set(EVERYTHING)
    series = {case["message"]["type"] for case in example("navigation.json")}
    assert series == set(NAVIGATION)


@pytest.mark.parametrize("message", example("queries.json"), ids=str)
def test_every_query_is_understood(message):
    request = requests.parse_request({**message, "id": "v-2", "version": 0})
    assert request.type == message["type"]
    assert request.push is message.get("push", False)


@pytest.mark.parametrize("case", example("malformed.json"), ids=lambda case: case["says"])
def test_malformed_messages_are_refused_in_words(case):
    # Each number stands for a buffer of so many bytes.
    buffers = [bytes(size) for size in case.get("buffers", [])]
    with pytest.raises(ProtocolError, match=case["says"]):
        requests.parse_request(case["message"], buffers)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e308, 10**400])
def test_numbers_beyond_any_image_are_refused(number):
    message = {"type": "add_point", "id": "a", "version": 0, "x": number, "y": 1, "positive": True}
    with pytest.raises(ProtocolError, match="'x'"):
        requests.parse_request(message)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e9])
def test_points_beyond_any_image_are_refused(number):
    message = {"type": "brush", "id": "a", "version": 0, "radius": 2, "annotation_id": None}
    with pytest.raises(ProtocolError, match="finite and between"):
        requests.parse_request(message, [np.array([1, number], "<f4").tobytes()])


@pytest.mark.parametrize("buffer", ["text", None, 5, [1.0, 2.0]])
def test_buffers_of_no_bytes_are_refused(buffer):
    message = {"type": "brush", "id": "a", "version": 0, "radius": 2, "annotation_id": None}
    with pytest.raises(ProtocolError, match="one buffer"):
        requests.parse_request(message, [buffer])


def test_edits_of_the_mask_on_screen_wait_for_it():
    def waits(kind, **fields):
        message = {"type": kind, "id": "a", "version": 0, **fields}
        return requests.needs_answer(requests.parse_request(message))

    assert waits("smooth", radius=2, annotation_id=None)
    assert not waits("smooth", radius=2, annotation_id="abc")
    assert waits("accept", label=None)
    assert not waits("undo")


def test_gestures_that_name_something_by_its_place_tell_the_method_what_was_on_screen():
    def arguments(kind, **fields):
        message = {"type": kind, "id": "a", "version": 7, **fields}
        return requests.method_arguments(requests.parse_request(message))

    assert arguments("move_point", index=0, x=1, y=2) == {"index": 0, "x": 1, "y": 2, "as_of": 7}
    assert arguments("remove_point", index=0) == {"index": 0, "as_of": 7}
    assert arguments("choose", index=2, revision=4) == {"index": 2, "as_of": 4}
    assert arguments("choose", index=2, revision=None) == {"index": 2, "as_of": None}
    assert arguments("clear") == {}


def test_push_is_a_flag():
    with pytest.raises(ProtocolError, match="'push' must be true or false, got 1"):
        requests.parse_request({"type": "ping", "id": "a", "version": 0, "push": 1})


def test_binary_buffers_are_refused():
    with pytest.raises(ProtocolError, match="no binary buffers, got 2"):
        requests.parse_request({"type": "undo", "id": "a", "version": 0}, [b"", b""])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
MESSAGES = JSON | st.fixed_dictionaries(
    {
        "type": st.sampled_from(list(MESSAGES)),
        "id": JSON,
        "version": JSON,
    },
    optional=dict.fromkeys(
        (
            *("x", "y", "positive", "index", "label", "annotation_id", "value", "revision"),
            *("radius", "max_area", "min_area", "ids"),
        ),
        JSON,
    ),
)


@given(MESSAGES)
def test_any_json_is_parsed_or_refused(message):
    try:
        request = requests.parse_request(message)
    except ProtocolError as error:
        reply = problems.error_reply(requests.request_id(message), error)
    else:
        reply = {"to": request.id}
    identity = message.get("id") if isinstance(message, dict) else None
    assert reply["to"] == (identity if isinstance(identity, str) else None)
