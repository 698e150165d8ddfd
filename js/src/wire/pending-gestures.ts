// Gestures on their way: shown at once as provisional, until the kernel has acknowledged them.

import { batch } from "@preact/signals-core";
import type { Gesture } from "../protocol.generated";
import type { Store } from "../state/store";
import type { Requests } from "./requests";

/** What sends a gesture; `fail` is told of those that Python refuses. */
export function gestureSender(
  store: Store,
  requests: Requests,
  fail: (error: unknown) => void,
): (gesture: Gesture) => void {
  const { pending, awaitedVersion, opening } = store;
  return (gesture) => {
    // It would be meant for an image that is leaving, or for one not seen yet.
    if (opening.value !== null) return;
    const done = () => {
      pending.value = pending.value.filter((other) => other !== gesture);
    };
    const { reopened } = store.document.value;
    const answer = requests.ask<"gesture">(gesture);
    // The provisional mark is drawn before the answer is in, and from here on the view waits.
    pending.value = [...pending.value, gesture];
    answer.then(
      ({ reply }) =>
        batch(() => {
          awaitedVersion.value = Math.max(awaitedVersion.value, reply.version);
          done();
          store.finished.value = { what: gesture, reopened };
        }),
      (error: unknown) =>
        batch(() => {
          done();
          fail(error);
        }),
    );
  };
}
