import { describe, expect, it, vi } from "vitest";
import queries from "../../../tests/protocol/queries.json" with { type: "json" };
import { annotation, bytes, connected, type Sent } from "../support/connected";

describe("accepted objects", () => {
  it("are asked for in parts by a new view", async () => {
    const { store, sent, answer } = connected();
    const list = { of: "annotations", version: 4 };
    const first = sent[0] as Sent;
    expect(first).toMatchObject(queries.find((query) => query.type === "annotations") ?? {});
    answer(first, { ...list, annotations: [annotation("a", 0)], next: 1 }, [bytes("022")]);
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toMatchObject({ type: "annotations", start: 1 });
    answer(sent[1] as Sent, { ...list, annotations: [annotation("b", 0)], next: null }, [
      bytes("121"),
    ]);
    await vi.waitFor(() => expect(store.annotations.value.map(({ id }) => id)).toEqual(["a", "b"]));
    expect(new TextDecoder().decode(store.annotations.value[1]?.rle)).toBe("121");
  });

  it("are listed afresh when they change between the parts", async () => {
    const { store, sent, answer } = connected();
    const part = { of: "annotations", annotations: [annotation("a", 0)] };
    answer(sent[0] as Sent, { ...part, version: 1, next: 1 }, [bytes("4")]);
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    answer(sent[1] as Sent, { ...part, version: 2, next: null }, [bytes("4")]);
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    expect(sent[2]).toMatchObject({ start: 0 });
    answer(sent[2] as Sent, { ...part, version: 2, next: null }, [bytes("4")]);
    await vi.waitFor(() => expect(store.annotations.value).toHaveLength(1));
  });

  it("change by delta, and are listed afresh after a gap", async () => {
    const { host, store, sent, answer } = connected();
    const annotations = ["a", "b", "c"].map((id, at) => annotation(id, at));
    const buffers = annotations.map(() => bytes("4"));
    answer(sent[0] as Sent, { of: "annotations", version: 1, annotations, next: null }, buffers);
    await vi.waitFor(() => expect(store.annotations.value).toHaveLength(3));
    const renamed = { ...annotation("b", 0), label: "new" };
    const changed = [{ index: 0, annotation: renamed }];
    const delta = { type: "annotations_changed", version: 2, changed, removed: ["a"] };
    host.deliver(delta, [bytes("4")]);
    expect(store.annotations.value.map(({ label }) => label)).toEqual(["new", "c"]);
    host.deliver({ ...delta, version: 2 }, [bytes("4")]); // heard twice: nothing
    expect(sent).toHaveLength(1);
    host.deliver({ ...delta, version: 5 }, [bytes("4")]);
    expect(sent).toHaveLength(2);
  });
});
