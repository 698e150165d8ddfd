import { describe, expect, it, vi } from "vitest";
import { annotation, bytes, connected } from "../support/connected";

describe("objects whose masks stay", () => {
  it("keep their bytes, the very same", async () => {
    const { host, store, last, answer } = connected();
    const list = [annotation("a", 0), annotation("b", 1)];
    const asked = last();
    answer(asked, { of: "annotations", version: 1, annotations: list, next: null }, [
      bytes("4"),
      bytes("04"),
    ]);
    await vi.waitFor(() => expect(store.annotations.value).toHaveLength(2));
    const before = store.annotations.value;
    const hidden = { ...annotation("b", null), visible: false };
    const changed = [{ index: 1, annotation: hidden }];
    host.deliver({ type: "annotations_changed", version: 2, changed, removed: [] });
    expect(store.annotations.value[1]?.visible).toBe(false);
    expect(store.annotations.value[1]?.rle).toBe(before[1]?.rle);
    expect(store.annotations.value[0]).toBe(before[0]);
  });
});
