from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import Annotation, FakePredictor, Session, load_image, protocol
from sam_widget.candidates import Candidates
from sam_widget.errors import ProtocolError, StaleGesture
from sam_widget.frames import ModelFrame
from sam_widget.islands import Islands
from sam_widget.masks import Rle
from sam_widget.session import Committed

EXAMPLES = Path(__file__).parent / "protocol"


def example(name):
    return json.loads((EXAMPLES / name).read_text())


@pytest.mark.parametrize("case", example("gestures.json"), ids=lambda case: case["action"])
def test_every_gesture_of_the_page_is_understood(case):
    points = case.get("points")
    buffers = [] if points is None else [np.array(points, "<f4").tobytes()]
    request = protocol.parse_request({**case["message"], "id": "v-1", "version": 3}, buffers)
    given_fields = {key: value for key, value in case["message"].items() if key != "type"}
    if points is not None:
        name = "line" if request.type == "split" else "points"
        given_fields[name] = tuple(zip(points[::2], points[1::2], strict=True))
    assert request == protocol.Request(case["message"]["type"], "v-1", 3, given_fields)


def test_the_examples_cover_every_message():
    gestures = {case["message"]["type"] for case in example("gestures.json")}
    assert gestures == set(protocol.GESTURES)
    asked = {case["type"] for case in example("queries.json")}
    assert asked == set(protocol.QUERIES) | set(protocol.EVERYTHING)


@pytest.mark.parametrize("message", example("queries.json"), ids=str)
def test_every_query_is_understood(message):
    request = protocol.parse_request({**message, "id": "v-2", "version": 0})
    assert request.type == message["type"]
    assert request.push is message.get("push", False)


@pytest.mark.parametrize("case", example("malformed.json"), ids=lambda case: case["says"])
def test_malformed_messages_are_refused_in_words(case):
    # Each number stands for a buffer of so many bytes.
    buffers = [bytes(size) for size in case.get("buffers", [])]
    with pytest.raises(ProtocolError, match=case["says"]):
        protocol.parse_request(case["message"], buffers)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e308, 10**400])
def test_numbers_beyond_any_image_are_refused(number):
    message = {"type": "add_point", "id": "a", "version": 0, "x": number, "y": 1, "positive": True}
    with pytest.raises(ProtocolError, match="'x'"):
        protocol.parse_request(message)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e9])
def test_points_beyond_any_image_are_refused(number):
    message = {"type": "brush", "id": "a", "version": 0, "radius": 2, "annotation_id": None}
    with pytest.raises(ProtocolError, match="finite and between"):
        protocol.parse_request(message, [np.array([1, number], "<f4").tobytes()])


@pytest.mark.parametrize("buffer", ["text", None, 5, [1.0, 2.0]])
def test_buffers_of_no_bytes_are_refused(buffer):
    message = {"type": "brush", "id": "a", "version": 0, "radius": 2, "annotation_id": None}
    with pytest.raises(ProtocolError, match="one buffer"):
        protocol.parse_request(message, [buffer])


def test_edits_of_the_mask_on_screen_wait_for_it():
    def waits(kind, **fields):
        message = {"type": kind, "id": "a", "version": 0, **fields}
        return protocol.needs_answer(protocol.parse_request(message))

    assert waits("smooth", radius=2, annotation_id=None)
    assert not waits("smooth", radius=2, annotation_id="abc")
    assert waits("accept", label=None)
    assert not waits("undo")


def test_sizes_of_islands_are_bounded():
    fields = protocol.islands_fields(Islands(tuple(range(1, 5001)), ()))
    assert fields["island_count"] == 5000
    assert fields["islands"] == list(range(1, 101))
    assert fields["holes"] == []


def test_push_is_a_flag():
    with pytest.raises(ProtocolError, match="'push' must be true or false, got 1"):
        protocol.parse_request({"type": "ping", "id": "a", "version": 0, "push": 1})


def test_binary_buffers_are_refused():
    with pytest.raises(ProtocolError, match="no binary buffers, got 2"):
        protocol.parse_request({"type": "undo", "id": "a", "version": 0}, [b"", b""])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
MESSAGES = JSON | st.fixed_dictionaries(
    {
        "type": st.sampled_from([*protocol.GESTURES, *protocol.QUERIES, *protocol.EVERYTHING]),
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
        request = protocol.parse_request(message)
    except ProtocolError as error:
        reply = protocol.error_reply(protocol.request_id(message), error)
    else:
        reply = {"to": request.id}
    identity = message.get("id") if isinstance(message, dict) else None
    assert reply["to"] == (identity if isinstance(identity, str) else None)


def test_document_looks_like_the_example():
    session = Session(load_image(np.zeros((2, 3, 3), np.uint8)))
    session.add_point(1.5, 0.5)
    session.set_box(0, 0, 3, 2)
    assert protocol.document_trait(session) == example("kernel.json")["document"]


def test_prediction_looks_like_the_example():
    expected = example("kernel.json")["prediction"]
    areas = [one["area"] for one in expected["candidates"]]
    masks = [area > np.arange(8).reshape(4, 2).T for area in areas]
    candidates = Candidates(
        logits=np.zeros((3, 256, 256), np.float32),
        scores=np.array([one["score"] for one in expected["candidates"]], np.float32),
        stabilities=(1.0, 1.0, 1.0),
        areas=tuple(areas),
        shown=tuple(Rle.encode(np.ascontiguousarray(mask)) for mask in masks),
        frame=ModelFrame(2, 4),
    )
    trait = protocol.prediction_trait(Committed(3, 5, candidates, 1, 3))
    for one in trait["candidates"]:
        one["rle"] = one["rle"].decode()
    assert trait == expected


@pytest.mark.parametrize("case", example("kernel.json")["masks"], ids=lambda case: case["rle"])
def test_masks_travel_as_in_the_example(case):
    mask = np.array([[cell == "#" for cell in row] for row in case["rows"]])
    assert Rle.encode(mask).compressed().decode() == case["rle"]


def test_delta_names_only_what_changed(coffee):
    session = Session(load_image(coffee), FakePredictor())
    for x in (100, 200, 300):
        session.add_point(x, 200)
        session.accept("cup")
    before = tuple(session.annotations)
    session.update_annotation(before[1].id, label="plate")
    session.remove_annotation(before[0].id)
    after = tuple(session.annotations)
    changed, removed = protocol.annotations_delta(before, after)
    assert [(index, one.label) for index, one in changed] == [(0, "plate")]
    assert removed == [before[0].id]


@given(st.data())
def test_any_delta_leads_the_page_to_the_new_list(data):
    rle = Rle.encode(np.ones((1, 1), np.bool_))
    objects = [Annotation(rle, id=str(number)) for number in range(8)]
    before = data.draw(st.permutations(objects))[: data.draw(st.integers(0, 8))]
    after = data.draw(st.permutations(objects))[: data.draw(st.integers(0, 8))]
    after = [
        Annotation(rle, id=one.id) if data.draw(st.integers(0, 3)) == 0 else one for one in after
    ]
    changed, removed = protocol.annotations_delta(before, after)
    # As connection.ts applies it.
    moved = {*removed, *(one.id for _, one in changed)}
    page = [one for one in before if one.id not in moved]
    for index, one in changed:
        page.insert(index, one)
    assert page == after
    if before == after:
        assert (changed, removed) == ([], [])


def test_an_object_moved_alone_travels_alone():
    rle = Rle.encode(np.ones((1, 1), np.bool_))
    objects = [Annotation(rle, id=str(number)) for number in range(500)]
    moved = [*objects[:100], objects[400], *objects[100:400], *objects[401:]]
    assert protocol.annotations_delta(objects, moved) == ([(100, objects[400])], [])


def test_pyramid_stops_where_the_preview_is_as_sharp(coffee):
    def max_level(height, width):
        image = load_image(np.zeros((height, width, 3), np.uint8))
        preview = protocol_preview(image)
        return protocol.image_trait(image, preview, "x")["max_level"]

    from sam_widget.images import encode_preview as protocol_preview

    assert max_level(400, 600) == -1
    assert max_level(2048, 10) == -1
    assert max_level(100, 4096) == 0
    assert max_level(100, 4100) == 1


def test_problems_say_what_to_do():
    assert protocol.problem_of(StaleGesture("gone"))["code"] == "stale"
    memory = protocol.problem_of(RuntimeError("CUDA out of memory. Tried to allocate"))
    assert "smaller" in memory["hint"]
    internal = protocol.problem_of(KeyError("x"))
    assert internal["code"] == "internal"
    assert "KeyError" in internal["message"]
