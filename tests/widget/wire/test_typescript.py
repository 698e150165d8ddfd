from __future__ import annotations

import pytest

from sam_widget.widget.wire import typescript
from sam_widget.widget.wire.fields import Count, ListOf, Points, Text
from sam_widget.widget.wire.table import GESTURES, MESSAGES, Message, Shape


def test_the_page_has_what_the_table_says(capsys):
    assert typescript.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_file_is_named_with_the_command_that_helps(tmp_path, monkeypatch, capsys):
    file = tmp_path / "protocol.generated.ts"
    monkeypatch.setattr(typescript, "FILE", file)
    assert typescript.main(["--check"]) == 1
    assert "make protocol" in capsys.readouterr().err
    assert not file.exists()
    assert typescript.main([]) == 0
    assert typescript.main(["--check"]) == 0
    file.write_text(file.read_text() + "// more\n")
    assert typescript.main(["--check"]) == 1


def test_every_message_has_a_type_and_every_gesture_a_function():
    text = typescript.generated()
    assert [name for name in MESSAGES if f'type: "{name}"' not in text] == []
    assert [
        message.doc for message in MESSAGES.values() if f"/** {message.doc} */" not in text
    ] == []
    functions = text.split("return {")[1]
    assert functions.count("send({") == len(GESTURES)
    assert max(map(len, text.splitlines())) <= 100


@pytest.fixture
def with_gesture(monkeypatch):
    def replace(message):
        for name in ("GESTURES", "MESSAGES"):
            monkeypatch.setattr(typescript, name, {message.type: message})
        return typescript.generated()

    return replace


def test_a_new_row_gives_its_type_and_its_function(with_gesture):
    shape = Shape("Look", "How it looks.", {"name": Text(3)})
    fields = {"line": Points(0, 4), "row_ids": ListOf(Count(), "rows", most=9)}
    text = with_gesture(Message("try_this", "Try.", fields, changes=shape, as_of="revision"))
    assert "/** How it looks. */\nexport interface Look {\n  name?: string;\n}\n" in text
    assert (
        '  | ({\n      type: "try_this";\n      points?: Float32Array<ArrayBuffer>;\n'
        "      row_ids: readonly number[];\n      revision: number | null;\n    } & Look);\n"
    ) in text
    assert (
        "  /** Try. */\n"
        "  tryThis(line: readonly number[] | null, rowIds: readonly number[], change?: Look): void;"
    ) in text
    assert "...(line && packed(line))" in text
    assert "row_ids: rowIds" in text
    assert "revision: revision()" in text
    assert "...change" in text
