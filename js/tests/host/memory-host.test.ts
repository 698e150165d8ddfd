import { describe, expect, it, vi } from "vitest";
import { createHost } from "../../src/host/memory-host";

describe("createHost", () => {
  it("sets every published trait before the first event", () => {
    const { model, publish } = createHost({ a: 1, b: 1 }, () => undefined);
    const seen: unknown[] = [];
    model.on("change:a", () => seen.push([model.get("a"), model.get("b")]));
    publish({ a: 2, b: 3 });
    expect(seen).toEqual([[2, 3]]);
  });

  it("carries messages both ways, and none after off", () => {
    const receive = vi.fn();
    const { model, deliver } = createHost({}, receive);
    const listener = vi.fn();
    const bytes = [new DataView(new ArrayBuffer(1))];
    model.send({ type: "ping" });
    expect(receive).toHaveBeenCalledExactlyOnceWith({ type: "ping" });
    model.on("msg:custom", listener);
    deliver({ type: "pong" }, bytes);
    model.off("msg:custom", listener);
    deliver({ type: "pong" });
    expect(listener).toHaveBeenCalledExactlyOnceWith({ type: "pong" }, bytes);
  });

  it("aborts a view's signal and runs its clean-up", async () => {
    const cleanUp = vi.fn();
    let signal: AbortSignal | undefined;
    const widget = {
      render: (props: { signal: AbortSignal }) => {
        ({ signal } = props);
        return cleanUp;
      },
    };
    const remove = await createHost({}, () => undefined).render(widget, document.body);
    expect(signal?.aborted).toBe(false);
    remove();
    expect(signal?.aborted).toBe(true);
    expect(cleanUp).toHaveBeenCalledOnce();
  });
});
