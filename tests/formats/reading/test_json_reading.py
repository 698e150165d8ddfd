"""JSON of any size is what ``json`` makes of it, or is refused, in bounded memory."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sam_widget import AnnotationError
from sam_widget.formats.reading import json_reading
from sam_widget.formats.reading.field import Field, Records, plain_json
from sam_widget.formats.reading.json_reading import parse_json, parse_value

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=40
)
DOCUMENTS = st.dictionaries(st.sampled_from(["images", "annotations", "info", 'a"\\']), VALUES)


@pytest.fixture
def in_parts(monkeypatch):
    """Take texts of a few bytes for long ones, and search a few bytes at a time."""
    monkeypatch.setattr(json_reading, "_SMALL", 8)
    monkeypatch.setattr(json_reading, "_CHUNK", 5)
    monkeypatch.setattr(json_reading, "_MAX_DEPTH", 100)


@given(value=DOCUMENTS, indent=st.sampled_from([None, 1]), plainly=st.booleans())
@settings(max_examples=60)
def test_parts_make_the_whole(value, indent, plainly):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_reading, "_SMALL", 8)
        patch.setattr(json_reading, "_CHUNK", 5)
        patch.setattr(json_reading, "_MAX_DEPTH", 100)
        text = json.dumps(value, indent=indent, ensure_ascii=plainly).encode()
        found = parse_json(text, "x.json")
        assert plain_json(found.value, found) == value
        assert plain_json(parse_value(text, "x.json"), found) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"images": [1, 2, ]}', '{"images": [1, 2}', '{"images": [1, 2]]', '{"images": [1, 2], }',
        '{"images": [{"a": 1]}]}', '{"images" [1, 2, 3]}', '{"images": [1, 2]} 3',
        '{"images": [1,,2]}', "{images: [1, 2, 3, 4]}", '{"images": ["\\"]}', '{"images": [NaN]}',
        '{"images": [1 2, 3, 4]}', '{"images": [1, 2]', '{"images": [1], 2, [3]}',
        '{"a": {"b": [1, 2, 3, 4}]}', '{"a": [tru, 1]}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_none_in_parts(in_parts, text):
    def read():
        document = parse_json(text.encode(), "x.json")
        return plain_json(document.value, document)

    with pytest.raises(ValueError, match=r"char|column|no number"):
        json.loads(text, parse_constant=json_reading._refuse_constant)
    with pytest.raises(AnnotationError, match=r"^x.json: .*is not JSON"):
        read()


def test_the_record_that_is_wrong_is_named(in_parts):
    document = parse_json(b'{"images": [{"a": 1}, {"a": 2}, {"a" 3}, {"a": 4}]}', "x.json")
    with pytest.raises(AnnotationError, match=r"^x.json: images\[2\]: is not JSON"):
        list(document["images"].items())


def test_long_lists_of_numbers_are_arrays():
    values = list(range(20_000))
    pairs = [[one, one / 2] for one in values]
    text = json.dumps({"a": {"numbers": values, "pairs": pairs, "mixed": [*values, "x"]}})
    found = parse_json(text.encode(), "x.json")["a"]
    assert found["numbers"].value.dtype == np.int32
    assert np.array_equal(found["numbers"].numbers(), values)
    assert np.array_equal(found["pairs"].pairs(20_000), pairs)
    assert found["mixed"].value == [*values, "x"]
    for field in (found["mixed"], Field(np.zeros((3, 3)), "", "x.json")):
        with pytest.raises(AnnotationError, match="must be"):
            field.numbers()
    with pytest.raises(AnnotationError, match=r"\[0\] must be \[x, y\]"):
        Field(np.zeros((3, 3)), "", "x.json").pairs()


@pytest.mark.parametrize(
    "part", [b"{},", b"[],", b"[1,2],", b'{"a":1},', b'"ab",', b"300,", b"[[300]],", b'{"id":1},']
)
@pytest.mark.parametrize("key", [b"images", b"info"])
def test_tiny_records_do_not_swell(key, part):
    text = b'{"%b":[%b%b]}' % (key, part * (1_200_000 // len(part)), part[:-1])
    count = 0
    tracemalloc.start()
    try:
        found = parse_json(text, "x.json")[key.decode()].value
        # What readers go through is never refused; what would be kept may be.
        if isinstance(found, Records):
            count = sum(1 for _ in found)
    except AnnotationError:
        count = -1
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak <= 10 * len(text)
    assert count == (1_200_000 // len(part) + 1) * (key == b"images") or key == b"info"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a": ' + b"[" * 20 + b"1," * 9000 + b"1" + b"]" * 20 + b"}", "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"images": [' + b"1," * 2**20 + b"1]}", "has 1,048,577 elements"),
        (b"{" + b",".join(b'"%d": 1' % one for one in range(5000)) + b"}", "more keys"),
        ('{"a": "' + "\U0001f600" * 2**19 + '"}', "is a text of"),
    ],
)
def test_what_would_cost_too_much_is_refused(text, message):
    with pytest.raises(AnnotationError, match=message):
        parse_json(text if isinstance(text, bytes) else text.encode(), "x.json")
