"""Everything mode of one widget: runs on a thread of its own, with progress on the page.

Candidates travel once, a batch at a time, as run lengths; what changes afterwards, which of them
stay, travels as one bit for each. Clicks go before: a run waits while a prompt wants its answer.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.automatic import AutomaticMaskGenerator
from sam_widget.errors import ModelError, PromptError, StaleGesture
from sam_widget.predictors import ComputingThread, capabilities
from sam_widget.widget.actions import still
from sam_widget.widget.page.everything_run import RunState
from sam_widget.widget.wire import problems
from sam_widget.widget.wire.everything import chunks, packed, parts, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sam_widget.annotations import Annotation
    from sam_widget.automatic import AutomaticMasks
    from sam_widget.session import Session
    from sam_widget.widget.wire.requests import Request
    from sam_widget.widget.worker.worker import Worker

__all__ = ["Everything"]

_TELL_EVERY = 0.1
"""Seconds between two messages about a run."""
_CLICK_PATIENCE = 2.0
"""Seconds that a run waits for the answer to a click before its next batch."""


class Everything:
    """Start runs of everything mode, report them to the page, and answer its requests.

    Parameters
    ----------
    send : callable
        Takes a message and its buffers; safe from any thread.
    worker : Worker
        Has the session and the model.
    """

    def __init__(
        self,
        send: Callable[[dict[str, Any], Sequence[bytes]], None],
        worker: Worker,
    ) -> None:
        self._send, self._worker = send, worker
        self._lock = threading.RLock()
        self._current: RunState | None = None
        self._count = 0
        self._told = 0  # rows that the page has
        self._cleaned: set[tuple[float, int]] = set()  # clean masks that the page has
        self._answers = ThreadPoolExecutor(1, thread_name_prefix="sam_widget everything")

    # ---- from Python ----------------------------------------------------------------------------

    def start(self, parameters: dict[str, Any], region: Sequence[float] | None = None) -> RunState:
        """Start a run, and cancel the one before.

        ``parameters`` are those of :class:`AutomaticMaskGenerator`; what is left out is as the
        model suggests, or as there.
        """
        with self._lock:
            if self._current is not None:
                self._current.cancel()
            self._count += 1
            self._told = 0
            self._cleaned.clear()
            self._current = current = RunState(self._count, self._worker.session)
        ComputingThread(
            lambda: self._work(current, dict(parameters), region),
            current.cancel,
            "sam_widget everything",
        ).start()
        return current

    def generator(self, parameters: dict[str, Any]) -> AutomaticMaskGenerator:
        """Return the generator of a run; PromptError if a parameter is invalid."""
        predictor = self._worker.predictor
        if predictor is None:
            raise self._worker.failure or ModelError("no model is loaded.")
        suggested = capabilities(predictor).automatic_defaults
        try:
            return AutomaticMaskGenerator(predictor, **{**suggested, **parameters})
        except TypeError as error:
            raise PromptError(f"everything mode: {error}") from error

    def result(self, current: RunState) -> AutomaticMasks:
        """Return what was found and is no object yet, under the present thresholds."""
        with self._lock:
            session = current.session()
            if session is not None:
                current.offer(session.annotations)
            return current.result

    def follow(self, annotations: Sequence[Annotation]) -> None:
        """Take off the offer what has become an object, and bring back what no longer is one."""
        with self._lock:
            current = self._current
            if current is not None and current.offer(annotations):
                self._tell_state(current)

    def refilter(self, current: RunState, **thresholds: float) -> AutomaticMasks:
        """Change the thresholds of a run, and update the page."""
        with self._lock:
            chosen = self.result(current).refilter(**thresholds)
            current.latest = chosen
            if current is self._current:
                self._tell_state(current)
            return chosen

    def keep(self, current: RunState, label: str, rows: Sequence[int] | None) -> list[Annotation]:
        """Accept masks as annotations, the largest first, so that none hides another.

        What is an object already is not kept again.
        """

        def keep(session: Session) -> list[Annotation]:
            still(current.session(), session)
            found = self.result(current)
            wanted = dict.fromkeys(found.checked_rows(rows))
            fresh = [row for row in wanted if found.table.area[row] and row not in found.taken]
            fresh.sort(key=lambda row: -found.rle_of(row).area)
            before = {annotation.id for annotation in session.annotations}
            added = session.add_annotations(found.annotations(label, fresh), new_only=True)
            for row, annotation in zip(fresh, added, strict=True):
                current.objects[row] = annotation.id
            return list({made.id: made for made in added if made.id not in before}.values())

        return self._worker.submit(keep, computes=False).result()

    def reset(self) -> None:
        """Drop the run, when another image is shown."""
        with self._lock:
            if self._current is not None:
                self._current.cancel()
                self._current = None
                self._send({"type": "everything_state", "run": 0, "stage": "none"}, [])

    def close(self) -> None:
        """Cancel the run, without telling the page."""
        with self._lock:
            if self._current is not None:
                self._current.cancel()
                self._current = None
        self._answers.shutdown(wait=False, cancel_futures=True)

    # ---- from the page --------------------------------------------------------------------------

    def receive(
        self, request: Request, reply: Callable[[dict[str, Any], Sequence[bytes]], None]
    ) -> None:
        """Answer a request on another thread, because a handler never computes."""

        def work() -> None:
            try:
                reply(*self._answer(request))
            except Exception as error:  # noqa: BLE001 - it is the answer
                self._send(problems.error_reply(request.id, error), [])

        self._answers.submit(work)

    def _answer(self, request: Request) -> tuple[dict[str, Any], Sequence[bytes]]:
        fields = {"of": request.type}
        arguments = dict(request.arguments)
        if request.type == "everything_run":
            region = arguments.pop("region")
            current = self.start(arguments, region)
            return {**fields, "run": current.number}, []
        current = self._present()
        if request.type == "everything_cancel":
            current.cancel()
        elif request.type == "everything_filter":
            chosen = self.refilter(current, **arguments)
            return {**fields, "kept": len(chosen)}, []
        elif request.type == "everything_keep":
            kept = self.keep(current, arguments["label"] or "", arguments["rows"])
            return {**fields, "kept": len(kept)}, []
        else:
            return self._listed(current, arguments["start"])
        return fields, []

    def _present(self) -> RunState:
        current = self._current
        if current is None:
            raise StaleGesture("there is no run of everything mode. Start one.")
        return current

    def _listed(self, current: RunState, start: int) -> tuple[dict[str, Any], Sequence[bytes]]:
        """Lay out candidates from a row on, for a new view."""
        with self._lock:
            latest = current.latest
            end = 0 if latest is None else min(self._told, len(latest.table))
            part = next(parts(latest, start, end), None) if latest is not None else None
            if start == 0:
                # Views come without the clean masks; all are told of them again.
                self._cleaned.clear()
            if part is None:
                self._tell_state(current)
                fields = {"of": "everything_list", "run": current.number, "first": start}
                return {**fields, "count": 0, "next": None, "width": 0, "height": 0}, []
            message, buffers, after = part
            fields = {"of": "everything_list", "run": current.number, **message, "next": after}
            return fields, buffers

    # ---- the run's thread -----------------------------------------------------------------------

    def _work(
        self, current: RunState, parameters: dict[str, Any], region: Sequence[float] | None
    ) -> None:
        try:
            self._tell(current)
            self._worker.start()
            self._worker.wait()
            session = self._worker.session
            generator = self.generator(parameters)
            current.run = run = generator.stream(
                session.image,
                region=region,
                embedding=session.embedding,
                between=lambda: session.wait(session.version, _CLICK_PATIENCE),
            )
            if current.cancelling:
                run.cancel()
            told = 0.0
            current.latest = run.result
            while run.step():
                if time.monotonic() - told >= _TELL_EVERY:
                    self._tell(current, run.result)
                    told = time.monotonic()
            self._tell(current, run.result)
        except Exception as error:  # noqa: BLE001 - shown on the page, and raised by wait()
            current.failure = error
        # The page is told first: whoever waits finds it up to date.
        current.over = True
        try:
            self._tell(current)
        finally:
            current.ended.set()

    def _tell(self, current: RunState, found: AutomaticMasks | None = None) -> None:
        """Send new candidates and the state of the run, unless it was replaced."""
        with self._lock:
            if found is not None:
                # The sliders may have been moved since the run began.
                known = current.latest
                if known is not None and known.thresholds != found.thresholds:
                    found = found.refilter(**_as_dict(known.thresholds))
                current.latest = found
                current.offer(self._worker.session.annotations)
            if current is not self._current:
                return
            if current.latest is not None:
                end = len(current.latest.table)
                for message, buffers, _ in parts(current.latest, self._told, end):
                    self._send({"type": "everything", "run": current.number, **message}, buffers)
                self._told = end
            self._tell_state(current)

    def _tell_state(self, current: RunState) -> None:
        """Send the state of the run, and which candidates pass. The lock is held."""
        latest = current.latest
        message: dict[str, Any] = {
            "type": "everything_state",
            "run": current.number,
            "stage": current.stage,
            "share": current.share,
            "seconds_left": current.seconds_left,
            "problem": None
            if current.failure is None
            else dict(problems.problem_of(current.failure)),
            "kept": 0,
            "candidates": 0,
            "removed": {},
            "thresholds": {},
        }
        buffers: list[bytes] = []
        if latest is not None:
            selection = latest.selection
            self._tell_cleaned(current, latest)
            message |= {
                "kept": len(latest),
                "candidates": len(latest.table),
                "removed": latest.removed,
                "thresholds": _as_dict(latest.thresholds),
            }
            stays = np.zeros(len(latest.table), dtype=np.bool_)
            stays[selection.kept] = True
            buffers.append(np.packbits(stays, bitorder="little").tobytes())
        self._send(message, buffers)

    def _tell_cleaned(self, current: RunState, latest: AutomaticMasks) -> None:
        """Send masks that the clean-up changed and that the page does not have yet."""
        area = float(latest.thresholds.min_mask_region_area)
        fresh = {
            row: rle
            for row, rle in latest.selection.cleaned.items()
            if (area, row) not in self._cleaned
        }
        rows = list(fresh)
        texts = [shown(fresh[row]).compressed() for row in rows]
        for some in chunks([len(text) for text in texts]):
            self._send(
                {
                    "type": "everything_cleaned",
                    "run": current.number,
                    "min_mask_region_area": area,
                    "count": len(rows[some]),
                },
                [np.array(rows[some], dtype="<u4").tobytes(), *packed(texts[some])],
            )
        self._cleaned.update((area, row) for row in rows)


def _as_dict(thresholds: Any) -> dict[str, float]:  # noqa: ANN401 - a dataclass
    return {name: float(value) for name, value in vars(thresholds).items()}
