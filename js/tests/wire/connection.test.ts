// The page's end of the wire, against the examples that Python's tests run too.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import gestures from "../../../tests/protocol/gestures.json" with { type: "json" };
import examples from "../../../tests/protocol/kernel.json" with { type: "json" };
import queries from "../../../tests/protocol/queries.json" with { type: "json" };
import { decodeMask, maskHas } from "../../src/geometry/masks";
import { createHost } from "../../src/host/memory-host";
import { NO_IMAGE, packAnswer } from "../../src/host/traits";
import { EMPTY_DOCUMENT, NO_ANSWER } from "../../src/state/document";
import { createStore } from "../../src/state/store";
import { connect } from "../../src/wire/connection";
import { annotation, bytes, connected, type Sent, TRAITS, view } from "../support/connected";

describe("gestures", () => {
  it.each(gestures)("$action sends $message.type", ({ action, args, message, points }) => {
    const { actions, last, along } = connected();
    const act = actions[action as keyof typeof actions] as (...given: unknown[]) => void;
    act(...args);
    expect(last()).toEqual({ ...message, id: expect.any(String), version: 0 });
    const numbers = along.at(-1)?.map((buffer) => [...new Float32Array(buffer)]);
    expect(numbers).toEqual(points && [points]);
  });

  it("are pending until acknowledged, and awaited until answered", async () => {
    const { host, store, actions, last, answer } = connected();
    actions.addPoint(1, 2, true);
    expect(store.pending.value).toHaveLength(1);
    expect(store.status.value).toBe("predicting");
    answer(last(), { of: "gesture", version: 1, revision: 0 });
    await vi.waitFor(() => expect(store.pending.value).toHaveLength(0));
    expect(store.status.value).toBe("predicting");
    host.publish({ answer: packAnswer({ ...NO_ANSWER, revision: 1, version: 1 }) });
    expect(store.status.value).toBe("predicting");
    store.paintedRevision.value = 1;
    expect(store.status.value).toBe("ready");
  });

  it("that fail are told to the person and forgotten", async () => {
    const { host, store, actions, last } = connected();
    actions.addPoint(1, 2, true);
    const problem = { code: "prompt", message: "outside", hint: "move it" };
    host.deliver({ type: "error", to: last().id, ...problem });
    await vi.waitFor(() => expect(store.notice.value?.text).toBe("outside"));
    expect(store.pending.value).toHaveLength(0);
    expect(store.status.value).toBe("ready");
  });

  it("choose the answer on its way when one is awaited", () => {
    const { actions, last } = connected();
    actions.addPoint(1, 2, true);
    actions.choose(1);
    expect(last()).toMatchObject({ type: "choose", index: 1, revision: null });
  });

  it("never share ids between views", () => {
    const first = connected();
    const two = connected();
    first.actions.undo();
    two.actions.undo();
    expect(first.last().id).not.toBe(two.last().id);
  });

  it("of another view are none of this one's business", () => {
    const { host, store, actions } = connected();
    actions.addPoint(1, 2, true);
    host.deliver({ type: "reply", to: "somebody-else", of: "gesture", version: 9, revision: 9 });
    expect(store.pending.value).toHaveLength(1);
    expect(store.awaitedVersion.value).toBe(0);
  });
});

describe("state from Python", () => {
  it("is mirrored at once and on every change", () => {
    const { host, store } = connected();
    expect(store.labels.value).toEqual(["cup"]);
    expect(store.model.value.name).toBe("fake");
    host.publish({ status: "encoding", document: examples.document });
    expect(store.kernelStatus.value).toBe("encoding");
    host.publish({ model_info: examples.model_info });
    expect(store.model.value).toEqual(examples.model_info);
    expect(store.document.value.prompts.points).toEqual([{ x: 1.5, y: 0.5, positive: true }]);
  });

  it("carries answers as in the example", () => {
    const { host, store } = connected();
    const { candidates, masks } = examples.answer;
    host.publish({ answer: { ...examples.answer, masks: bytes(masks) } });
    const { width, height } = store.answer.value;
    const areas = store.answer.value.candidates.map(({ rle }) =>
      decodeMask({ rle, width, height }).data.reduce((sum, value) => sum + value, 0),
    );
    expect(areas).toEqual(candidates.map((candidate) => candidate.area));
    expect(packAnswer(store.answer.value)).toEqual({ ...examples.answer, masks: bytes(masks) });
    const before = store.answer.value;
    host.publish({ status: "encoding" });
    expect(store.answer.value).toBe(before); // so that nothing is drawn again
  });

  it("shows no image where Python has none", () => {
    const image = { ...NO_IMAGE, id: "a", width: 2, height: 1 };
    const { host, store } = connected({ image_state: image });
    expect(store.image.value).toBe(image);
    host.publish({ image_state: NO_IMAGE });
    expect(store.image.value).toBeNull();
  });

  it.each(examples.masks)("decodes the mask $rle as Python encodes it", ({ rle, size, rows }) => {
    const [height = 0, width = 0] = size;
    const mask = decodeMask({ rle: bytes(rle), width, height });
    const drawn = Array.from({ length: height }, (_, row) =>
      Array.from({ length: width }, (__, column) => (maskHas(mask, row, column) ? "#" : ".")).join(
        "",
      ),
    );
    expect(drawn).toEqual(rows);
  });

  it("is let go of when the view goes", () => {
    const { host, store, abort } = connected();
    abort.abort();
    host.publish({ labels: ["late"] });
    host.deliver({ type: "closed" });
    expect(store.labels.value).toEqual(["cup"]);
    expect(store.connection.value).toBe("live");
  });
});

describe("answers that are pushed along", () => {
  it("are asked for once the link is known to hold small ones back", () => {
    const { store, actions, last } = connected();
    actions.undo();
    expect(last()).not.toHaveProperty("push");
    store.pushing.value = true;
    actions.undo();
    expect(last()).toMatchObject({ type: "undo", push: true });
    store.pushing.value = false;
    actions.preview({ x: 1, y: 1 });
    expect(last()).not.toHaveProperty("push");
  });

  it("bring nothing of their own", () => {
    const { host, store, actions } = connected();
    actions.addPoint(1, 2, true);
    host.deliver(examples.push, [bytes("any bytes")]);
    expect(store.pending.value).toHaveLength(1);
    expect(store.notice.value).toBeNull();
  });
});

describe("tiles", () => {
  it("are asked of the image on screen and come as blobs", async () => {
    const { actions, last, answer } = connected();
    const tile = actions.tile(1, 2, 0);
    const { image_id: _, ...expected } = queries.find((query) => query.type === "tile") ?? {};
    expect(last()).toMatchObject(expected);
    answer(last(), { of: "tile", mime: "image/jpeg" }, [bytes("xyz")]);
    const blob = await tile;
    expect([blob.size, blob.type]).toEqual([3, "image/jpeg"]);
  });
});

describe("exports", () => {
  it("say what and in which format, and come back with the path", async () => {
    const { actions, last, answer } = connected();
    const exported = actions.export("labelme", "image");
    expect(last()).toMatchObject(queries.find((query) => query.type === "export") ?? {});
    const files = { path: "/photos/a.labelme.json", images: 1, objects: 3, note: "" };
    answer(last(), { of: "export", ...files });
    expect(await exported).toMatchObject(files);
  });

  it("are refused in words, which the caller shows", async () => {
    const { host, actions, last } = connected();
    const exported = actions.export("coco", "series");
    const problem = { code: "export", message: "No space left.", hint: "Nothing is lost." };
    host.deliver({ type: "error", to: last().id, ...problem });
    await expect(exported).rejects.toMatchObject({ problem });
  });

  it("of a series are summed up", async () => {
    const { actions, last, answer } = connected();
    const summary = actions.summary();
    expect(last()).toMatchObject(queries.find((query) => query.type === "summary") ?? {});
    const made = { objects: 3, labels: [["cup", 3]], label_count: 1, empty: "01" };
    answer(last(), { of: "summary", ...made });
    expect(await summary).toMatchObject(made);
  });
});

describe("the connection", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is busy while a request stays unanswered, and live again with the answer", () => {
    const { store, actions, last, answer } = connected();
    actions.addPoint(1, 2, true);
    const asked = last();
    vi.advanceTimersByTime(1500);
    expect(store.connection.value).toBe("busy");
    answer(asked, { of: "gesture", version: 1, revision: 0 });
    expect(store.connection.value).toBe("live");
  });

  it("is asked again while nothing is heard, and what went before is forgotten", async () => {
    const { store, sent, answer } = connected();
    expect(sent.map((message) => message.type)).toEqual(["annotations"]);
    vi.advanceTimersByTime(1600);
    expect(sent.map((message) => message.type)).toEqual([
      "annotations",
      "annotations",
      "annotations",
    ]);
    const list = { of: "annotations", version: 1, next: null };
    answer(sent[2] as Sent, { ...list, annotations: [annotation("new", 0)] }, [bytes("4")]);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.connection.value).toBe("live");
    answer(sent[0] as Sent, { ...list, annotations: [annotation("old", 0)] }, [bytes("4")]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.annotations.value.map(({ id }) => id)).toEqual(["new"]);
  });

  it("accepts a reopened object under its own label, whatever the next one's is to be", () => {
    const { store, actions, sent } = connected();
    store.document.value = { ...EMPTY_DOCUMENT, reopened: "abc" };
    actions.accept("dog");
    expect(sent.at(-1)).toMatchObject({ type: "accept", label: null });
    store.document.value = EMPTY_DOCUMENT;
    actions.accept("dog");
    expect(sent.at(-1)).toMatchObject({ type: "accept", label: "dog" });
  });

  it("is not busy when the kernel says that the request waits its turn", () => {
    const { host, store, actions, sent } = connected();
    actions.accept(null);
    vi.advanceTimersByTime(600); // by then the view has said all that it says of its own accord
    for (const { id } of sent) host.deliver({ type: "progress", to: id });
    vi.advanceTimersByTime(5000);
    expect(store.connection.value).toBe("live");
  });

  it("is lost when the widget is closed, and says so at the next gesture", async () => {
    const { host, store, actions, sent } = connected();
    actions.addPoint(1, 2, true);
    host.deliver({ type: "closed" });
    expect(store.connection.value).toBe("lost");
    const before = sent.length;
    actions.addPoint(3, 4, true);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(before);
    expect(store.pending.value).toHaveLength(0);
    expect(store.notice.value?.hint).toMatch(/run the cell/iu);
  });

  it("is lost when a message cannot be sent", async () => {
    const { host, store, actions } = connected();
    host.model.send = () => {
      throw new Error("Cannot send");
    };
    actions.addPoint(1, 2, true);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.connection.value).toBe("lost");
    expect(store.pending.value).toHaveLength(0);
  });

  it("follows the kernel where the host shows it", async () => {
    const slots: (() => void)[] = [];
    const signal = { connect: (slot: () => void) => slots.push(slot), disconnect: () => undefined };
    const kernel = {
      status: "idle",
      connectionStatus: "connected",
      statusChanged: signal,
      connectionStatusChanged: signal,
    };
    const host = createHost(TRAITS, () => undefined);
    const model = Object.assign(host.model, { widget_manager: { kernel } });
    const store = createStore();
    connect(model as typeof host.model, store, new AbortController().signal, view());
    const change = (changes: Partial<typeof kernel>) => {
      Object.assign(kernel, changes);
      for (const slot of slots) slot();
      return store.connection.value;
    };
    expect(change({ connectionStatus: "connecting" })).toBe("lost");
    expect(change({ connectionStatus: "connected" })).toBe("live");
    expect(change({ status: "busy" })).toBe("live");
    expect(change({ status: "restarting" })).toBe("lost");
    // The new kernel knows nothing of this widget.
    expect(change({ status: "idle" })).toBe("lost");
    await vi.advanceTimersByTimeAsync(1);
  });
});

describe("a page that was restored from a saved state", () => {
  const RESTORED = new Set(["jupyter-widgets-disconnected"]);

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("knows at once that no kernel answers, and asks for nothing", async () => {
    const { store, actions, sent } = connected({ status: "predicting" }, view(RESTORED));
    expect(store.connection.value).toBe("absent");
    actions.addPoint(1, 2, true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.connection.value).toBe("absent");
    expect(store.pending.value).toHaveLength(0);
    expect(sent).toEqual([]);
  });

  it("shows what was saved", () => {
    const { store } = connected({ labels: ["cup"], document: examples.document }, view(RESTORED));
    expect(store.labels.value).toEqual(["cup"]);
    expect(store.document.value.prompts.points).toHaveLength(1);
  });

  it("comes alive when a kernel takes its model up", async () => {
    const marks = new Set(RESTORED);
    const { host, store, sent, answer } = connected({}, view(marks));
    host.emit("comm_live_update");
    expect(store.connection.value).toBe("absent");
    marks.clear();
    host.emit("comm_live_update");
    expect(store.connection.value).toBe("live");
    const [request] = sent;
    expect(request?.type).toBe("annotations");
    const annotations = [annotation("cup", 0)];
    answer(request as Sent, { of: "annotations", version: 3, annotations, next: null }, [
      bytes("04"),
    ]);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.annotations.value.map(({ id }) => id)).toEqual(["cup"]);
  });

  it("comes alive when anything is heard from a kernel", () => {
    const { host, store, sent } = connected({}, view(RESTORED));
    host.deliver(examples.push, [bytes("any bytes")]);
    expect(store.connection.value).toBe("live");
    expect(sent.map(({ type }) => type)).toEqual(["annotations"]);
  });

  it("is told from a kernel that is busy", async () => {
    const { store } = connected();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.connection.value).toBe("busy");
  });

  it("lets go of the host when the view goes", () => {
    const marks = new Set(RESTORED);
    const { host, store, abort } = connected({}, view(marks));
    abort.abort();
    marks.clear();
    host.emit("comm_live_update");
    expect(store.connection.value).toBe("absent");
  });
});
