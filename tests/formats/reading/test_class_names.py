"""Names of classes, as YAML has them in the wild; PyYAML is the oracle."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import AnnotationError
from sam_widget.formats.reading import class_names
from sam_widget.formats.reading.class_names import read_classes, write_class_names

WRITTEN = [
    "names:\n  0: person\n  1: traffic light  # red\n  2: 'it''s'\n  3: \"a\\tb\"\n",
    "path: x\nnames:\n- person\n- dog\n\nnc: 2\n",
    "names: [person, 'traffic light', \"dog\"]\nnc: 3\n",
    "names: {0: person, 1: dog}\n",
    "names: ['a',\n  'b',\n  c]\n",
    "# comment\nnames:  # here\n  '0': x\n  # another\n  '1': y\ntrain: images\n",
    "names: []\n",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_names_are_read_as_yaml_reads_them(tmp_path, text):
    (tmp_path / "data.yaml").write_text(text)
    names = yaml.safe_load(text)["names"]
    expected = list(names.values()) if isinstance(names, dict) else names
    assert read_classes(tmp_path).names == expected


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8)))
def test_what_we_write_yaml_reads(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    write_class_names(folder, names)
    text = (folder / "data.yaml").read_bytes().decode()
    assert list((yaml.safe_load(text)["names"] or {}).values()) == names
    assert read_classes(folder).names == names


def test_lines_of_a_text_are_names_too(tmp_path):
    assert read_classes(tmp_path).names == []
    (tmp_path / "classes.txt").write_text("person\n\ntraffic light\n\n")
    assert read_classes(tmp_path).names == ["person", "", "traffic light"]
    (tmp_path / "data.yaml").write_text("nc: 3\n")
    assert read_classes(tmp_path).names == ["person", "", "traffic light"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: &a [*a]\n", "names must be a list"),
        ("names: [a, [b]]\n", "names must be a list"),
        ("names: [a", "names must be a list"),
        ("names: {a: b}\n", "names must be a list"),
        ("names:\n  0: x\n  0: y\n", "the class 0 has two names"),
        ("names:\n  999999: x\n", "at most 32768 classes"),
        ("names:\n  x\n", "line 2: names must be a list"),
        ("names: [" + json.dumps("x" * 201) + "]\n", "names[0]: a label has at most 200"),
        ('names: ["\\q"]\n', "line 1: is not YAML: found unknown escape character"),
        ("a: &x [1]\nb: *x\nnames: [c]\n", "line 2: names must be a list"),
        ("names: [a, b: c]\n", "line 1: names must be a list"),
        ("a: " + "[" * 40 + "]" * 40 + "\nnames: [c]\n", "is nested too deeply"),
        ("a: b\n\tc: d\nnames: [c]\n", "line 2: is not YAML"),
        ("names: {0: a, 0: b}\n", "the class 0 has two names"),
        ("names:\n" + "- x\n" * 32769, "at most 32768 classes"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, message):
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(AnnotationError) as caught:
        read_classes(tmp_path)
    assert message in str(caught.value)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "classes.txt").write_bytes(b"\xff\n")
    with pytest.raises(AnnotationError, match="is not UTF-8"):
        read_classes(tmp_path)


def test_names_are_texts_whatever_yaml_makes_of_them(tmp_path):
    (tmp_path / "data.yaml").write_text("names: [no, 1.0, null, 2026-01-01, 0x10, ~]\n")
    assert read_classes(tmp_path).names == ["no", "1.0", "null", "2026-01-01", "0x10", "~"]


def test_what_is_no_mapping_names_nothing(tmp_path):
    for text in ("", "- names\n", "names\n", "nested:\n  names: [a]\n"):
        (tmp_path / "data.yaml").write_text(text)
        assert read_classes(tmp_path).names == []


def test_what_comes_after_the_names_is_not_read(tmp_path):
    (tmp_path / "data.yaml").write_text("names: [a]\nrest: [\n")
    assert read_classes(tmp_path).names == ["a"]


def test_bombs_are_refused_before_they_cost_anything(tmp_path):
    lists = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9))
    many = "a: [" + "1," * (class_names._MAX_EVENTS + 10) + "]\nnames: [b]\n"
    deep = "a: " + "{b: " * 100_000
    for text in (f"l0: &l0 [x]\n{lists}\nnames: *l8\n", many, deep):
        (tmp_path / "data.yaml").write_text(text)
        started = time.process_time()
        with pytest.raises(AnnotationError):
            read_classes(tmp_path)
        assert time.process_time() - started < 10


def test_halves_of_surrogate_pairs_are_replaced(tmp_path):
    write_class_names(tmp_path, ["a\ud800b"])
    assert read_classes(tmp_path).names == ["a?b"]
