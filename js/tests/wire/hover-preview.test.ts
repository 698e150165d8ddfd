import { describe, expect, it, vi } from "vitest";
import { packAnswer } from "../../src/host/traits";
import { NO_ANSWER } from "../../src/state/document";
import { bytes, connected, type Sent } from "../support/connected";

const settled = () => vi.waitFor(() => Promise.resolve());

describe("previews", () => {
  it("keep one question in flight and the newest wish", async () => {
    const { store, actions, sent, answer } = connected();
    actions.preview({ x: 1, y: 1 });
    actions.preview({ x: 2, y: 2 });
    actions.preview({ x: 3, y: 3 });
    const asked = () => sent.filter((message) => message.type === "preview");
    expect(asked()).toHaveLength(1);
    const shown = { x: 1, y: 1, score: 0.5, width: 2, height: 2 };
    answer(asked()[0] as Sent, { of: "preview", preview: shown }, [bytes("022")]);
    await vi.waitFor(() => expect(asked()).toHaveLength(2));
    expect(asked()[1]).toMatchObject({ x: 3, y: 3 });
    expect(store.preview.value).toMatchObject({ x: 1, revision: 1 });
  });

  it("of one place are asked for once, and again after they were withdrawn", async () => {
    const { store, actions, sent, answer } = connected();
    const asked = () => sent.filter((message) => message.type === "preview");
    const shown = { x: 1, y: 1, score: 0.5, width: 2, height: 2 };
    actions.preview({ x: 1, y: 1 });
    actions.preview({ x: 1, y: 1 });
    answer(asked()[0] as Sent, { of: "preview", preview: shown }, [bytes("022")]);
    await new Promise((resolve) => setTimeout(resolve));
    actions.preview({ x: 1, y: 1 });
    expect(asked()).toHaveLength(1);
    actions.preview(null);
    actions.preview({ x: 1, y: 1 });
    expect(asked()).toHaveLength(2);
    answer(asked()[1] as Sent, { of: "preview", preview: shown }, [bytes("022")]);
    await vi.waitFor(() => expect(store.preview.value).toMatchObject({ x: 1, revision: 2 }));
  });

  it("withdrawn ones are not shown when they come", async () => {
    const { store, actions, sent, answer } = connected();
    actions.preview({ x: 1, y: 1 });
    const asked = sent.at(-1) as Sent;
    actions.preview(null);
    const shown = { x: 1, y: 1, score: 0.5, width: 2, height: 2 };
    answer(asked, { of: "preview", preview: shown }, [bytes("022")]);
    await settled();
    expect(store.preview.value).toBeNull();
  });

  it("are what a click there shows until its own answer is in", async () => {
    const { host, store, actions, sent, answer } = connected();
    actions.preview({ x: 1, y: 1 });
    const asked = sent.at(-1) as Sent;
    actions.addPoint(1, 1, true);
    const click = sent.at(-1) as Sent;
    actions.preview(null);
    expect(store.shownAnswer.value.candidates).toEqual([]);
    const shown = { x: 1, y: 1, score: 0.5, width: 2, height: 2 };
    answer(asked, { of: "preview", preview: shown }, [bytes("022")]);
    await settled();
    expect(store.shownAnswer.value).toMatchObject({ width: 2, selected: 0 });
    expect(store.answer.value.candidates).toEqual([]);
    // Its own answer, or a failure, takes the place at once.
    const committed = { ...store.shownAnswer.value, revision: 4, version: 1 };
    host.publish({ answer: packAnswer(committed) });
    expect(store.shownAnswer.value.revision).toBe(4);
    host.publish({ answer: packAnswer(NO_ANSWER) });
    answer(click, { of: "gesture", version: 1, revision: 0 });
    await settled();
    host.publish({ status: "error" });
    expect(store.shownAnswer.value).toBe(store.answer.value);
  });
});
