from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from sam_widget.widget.wire.table import QUERIES

EXAMPLES = Path(__file__).parents[2] / "protocol" / "queries.json"
ASKED = [message for message in json.loads(EXAMPLES.read_text()) if message["type"] in QUERIES]
numbers = itertools.count()


@pytest.mark.parametrize("message", ASKED, ids=str)
def test_every_query_is_answered(widget, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    widget.wait()
    request = {**message, "id": f"query-{next(numbers)}", "version": 0}
    if message["type"] == "tile":
        request |= {"image_id": widget.image_state["id"], "level": 0, "column": 0}
    if message.get("annotation_id"):
        widget.add_point(300, 200)
        request["annotation_id"] = widget.accept("cup").id
    reply, _ = widget.comm.ask(request)
    if message["type"] in ("thumbnail", "summary"):  # of a series, which this is not
        assert reply["code"] == "protocol"
    else:
        assert (reply["type"], reply["of"]) == ("reply", message["type"])
