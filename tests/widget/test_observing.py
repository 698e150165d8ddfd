"""Awaiting traits, and observers in an event loop, without a notebook."""

from __future__ import annotations

import asyncio
import threading

import pytest

from sam_widget import SamWidget
from sam_widget.errors import WidgetClosed

pytestmark = pytest.mark.usefixtures("recording_comm")

SECONDS = 60


def elsewhere(work):
    """Do something on another thread, as the page or the worker would."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_trait_is_awaited_and_gives_its_new_value(widget):
    async def run():
        before = widget.revision
        changed = widget.changed("revision")
        widget.add_point(300, 200)
        first = await asyncio.wait_for(changed, SECONDS)
        assert first == before + 1 == widget.revision
        again = widget.changed("revision")
        thread = elsewhere(lambda: widget.add_point(310, 200))
        assert await asyncio.wait_for(again, SECONDS) == before + 2
        thread.join(SECONDS)

    asyncio.run(run())


def test_every_trait_can_be_awaited(widget):
    async def run():
        awaited = [widget.changed(name) for name in ("document", "answer", "labels")]
        elsewhere(lambda: (widget.add_point(300, 200), widget.accept("plate"))).join(SECONDS)
        document, answer, labels = await asyncio.wait_for(asyncio.gather(*awaited), SECONDS)
        assert document["prompts"]["points"]
        assert len(answer["candidates"]) == 3
        assert labels == ["cup", "plate"]

    asyncio.run(run())


def test_who_cancels_waits_no_longer(widget):
    def watching():
        notifiers = widget._trait_notifiers.get("revision", {}).get("change", [])
        return len(notifiers)

    async def run():
        before = watching()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(widget.changed("revision"), 0.01)
        task = asyncio.ensure_future(asyncio.gather(widget.changed("revision")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert watching() == before
        widget.add_point(300, 200)
        assert watching() == before

    asyncio.run(run())


def test_closing_ends_the_waiting(widget):
    async def run():
        changed = widget.changed("revision")
        elsewhere(widget.close)
        with pytest.raises(WidgetClosed, match="while it was awaited"):
            await asyncio.wait_for(changed, SECONDS)
        with pytest.raises(WidgetClosed):
            widget.changed("revision")

    asyncio.run(run())


def test_what_cannot_be_awaited_says_so(widget):
    async def run():
        with pytest.raises(AttributeError, match=r"'revison'\. Traits: .*revision.*status"):
            widget.changed("revison")

    asyncio.run(run())
    with pytest.raises(RuntimeError, match="no running event loop"):
        widget.changed("revision")


def test_an_observer_that_a_loop_has_set_is_called_in_it(widget):
    async def run():
        seen = []
        called = asyncio.Event()

        def observe(change):
            seen.append((change["new"], threading.current_thread(), asyncio.get_running_loop()))
            called.set()

        widget.observe(observe, "revision")
        await asyncio.to_thread(widget.add_point, 300, 200)
        await asyncio.wait_for(called.wait(), SECONDS)
        here = (threading.current_thread(), asyncio.get_running_loop())
        assert seen == [(widget.revision, *here)]
        widget.unobserve(observe, "revision")
        await asyncio.to_thread(widget.add_point, 310, 200)
        await asyncio.to_thread(widget.wait)
        assert len(seen) == 1

    asyncio.run(run())


def test_async_observers_run_and_what_they_raise_is_printed(widget, capsys):
    async def run():
        done = asyncio.Event()
        seen = []

        async def observe(change):
            await asyncio.sleep(0)
            seen.append(change["new"])
            done.set()

        async def failing(_change):
            await asyncio.sleep(0)
            raise RuntimeError("my mistake")

        def failing_at_once(_change):
            raise RuntimeError("my other mistake")

        for observer in (failing, failing_at_once, observe):
            widget.observe(observer, "revision")
        await asyncio.to_thread(widget.add_point, 300, 200)
        await asyncio.wait_for(done.wait(), SECONDS)
        await asyncio.sleep(0)
        assert seen == [widget.revision]

    asyncio.run(run())
    printed = capsys.readouterr().err
    assert "RuntimeError: my mistake" in printed
    assert "RuntimeError: my other mistake" in printed


def test_a_widget_is_made_in_a_loop(coffee):
    async def run():
        with SamWidget(coffee, model="fake") as widget:
            changed = widget.changed("revision")
            widget.add_point(300, 200)
            assert await asyncio.wait_for(changed, SECONDS) == widget.revision

    asyncio.run(run())


def test_an_async_observer_needs_a_loop(widget):
    async def observe(_change):
        pass

    with pytest.raises(TypeError, match="needs a running event loop"):
        widget.observe(observe, "revision")


def test_a_loop_that_has_ended_stops_nothing(widget, capsys):
    async def run():
        widget.observe(lambda change: pytest.fail(str(change)), "revision")

    asyncio.run(run())
    elsewhere(lambda: widget.add_point(300, 200)).join(SECONDS)
    assert widget.masks.shape[0] == 3
    assert capsys.readouterr().err == ""
