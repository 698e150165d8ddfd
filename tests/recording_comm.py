"""A comm without a page: it keeps what a widget sent, and plays the page."""

from __future__ import annotations

import threading

from comm.base_comm import BaseComm

CLOSED = {"type": "error", "code": "closed", "message": "the widget was closed meanwhile."}
"""What a page makes of it that nobody answers any more."""


class RecordingComm(BaseComm):
    """Keeps what was sent; :meth:`deliver` plays the page."""

    def __init__(self, *args, **kwargs):
        self.sent = []
        self.arrived = threading.Condition()
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        with self.arrived:
            self.sent.append((msg_type, data, buffers))
            self.arrived.notify_all()

    def messages(self):
        return [
            (data["content"], buffers)
            for kind, data, buffers in self.sent
            if kind == "comm_msg" and data.get("method") == "custom"
        ]

    def deliver(self, data, buffers=()):
        self.handle_msg({"content": {"data": data}, "buffers": list(buffers)})

    def ask(self, content, buffers=(), *, last="reply"):
        """Send a custom message and wait for the one answer that bears its id."""
        self.deliver({"method": "custom", "content": content}, buffers)
        return self.answer(content["id"])

    def answers(self, identity):
        return [
            (content, buffers)
            for content, buffers in self.messages()
            if content.get("to") == identity and content["type"] in ("reply", "error")
        ]

    def is_closed(self):
        return any(content["type"] == "closed" for content, _ in self.messages())

    def answer(self, identity):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.answers(identity) or self.is_closed(), 30)
            return (self.answers(identity) or [(dict(CLOSED), [])])[0]
