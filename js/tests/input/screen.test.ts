// What tells the stage that it is seen again; sizes and pixels need a real browser.

import { expect, it, vi } from "vitest";
import { watchShown } from "../../src/input/screen";

/** The observer of the last element observed, to say what it sees. */
function watch() {
  const see: ((entries: { isIntersecting: boolean }[]) => void)[] = [];
  const disconnect = vi.fn();
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      readonly observe = vi.fn();
      readonly disconnect = disconnect;
      constructor(callback: (entries: { isIntersecting: boolean }[]) => void) {
        see.push(callback);
      }
    },
  );
  const views = new AbortController();
  const onShown = vi.fn();
  watchShown(document.createElement("div"), onShown, views.signal);
  const seen = (...entries: boolean[]) =>
    see[0]?.(entries.map((isIntersecting) => ({ isIntersecting })));
  return { onShown, seen, disconnect, abort: () => views.abort() };
}

it("tells that an element is seen again, and not that it is still seen", () => {
  const { onShown, seen } = watch();
  seen(true);
  expect(onShown).not.toHaveBeenCalled();
  seen(false);
  seen(true);
  expect(onShown).toHaveBeenCalledTimes(1);
});

it("tells of an element that went and came between two looks", () => {
  const { onShown, seen } = watch();
  seen(false, true);
  expect(onShown).toHaveBeenCalledTimes(1);
});

it("tells that the whole page is seen again, until the view goes", () => {
  const { onShown, abort, disconnect } = watch();
  document.dispatchEvent(new Event("visibilitychange"));
  expect(onShown).toHaveBeenCalledTimes(1);
  abort();
  document.dispatchEvent(new Event("visibilitychange"));
  expect(onShown).toHaveBeenCalledTimes(1);
  expect(disconnect).toHaveBeenCalledOnce();
});
