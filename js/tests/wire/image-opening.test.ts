// The page's end of the wire: a series of images, and objects whose masks stay.

import { describe, expect, it, vi } from "vitest";
import navigation from "../../../tests/protocol/navigation.json" with { type: "json" };
import { bytes, connected } from "../support/connected";

describe("a series", () => {
  const series = { length: 9, index: 0, name: "a.png", statuses: "ttttttttt", note: "" };

  it.each(navigation)("$action sends $message.type", ({ action, args, message }) => {
    const { actions, last } = connected({ series_state: series });
    const act = actions[action as keyof typeof actions] as (...given: unknown[]) => void;
    act(...args);
    expect(last()).toEqual({ ...message, id: expect.any(String), version: 0 });
  });

  it("opens one image after another, and of those wished for meanwhile the last", async () => {
    const { store, actions, sent, last, answer } = connected({ series_state: series });
    const before = sent.length;
    for (const index of [1, 2, 3]) actions.goTo(index);
    actions.goTo(9);
    expect(sent.slice(before).map(({ index }) => index)).toEqual([1]);
    expect(store.opening.value).toBe(3);
    answer(last(), { of: "series" });
    await vi.waitFor(() => expect(last().index).toBe(3));
    expect(sent.length).toBe(before + 2);
    answer(last(), { of: "series" });
    await vi.waitFor(() => expect(store.opening.value).toBeNull());
  });

  it("takes no gesture while another image is opened, and goes on when that fails", async () => {
    const { host, store, actions, sent, last } = connected({ series_state: series });
    actions.goTo(1);
    const asked = last();
    actions.addPoint(1, 2, true);
    expect(last()).toBe(asked);
    expect(store.pending.value).toEqual([]);
    const problem = { code: "image", message: "It is gone.", hint: "" };
    host.deliver({ type: "error", to: asked.id, ...problem });
    await vi.waitFor(() => expect(store.notice.value?.text).toBe("It is gone."));
    expect(store.opening.value).toBeNull();
    actions.addPoint(1, 2, true);
    expect(sent.at(-1)?.type).toBe("add_point");
  });

  it("gives thumbnails with their names", async () => {
    const { actions, last, answer } = connected({ series_state: series });
    const asked = actions.thumbnail(4);
    expect(last()).toMatchObject({ type: "thumbnail", index: 4 });
    const size = { mime: "image/jpeg", width: 3, height: 2 };
    answer(last(), { of: "thumbnail", index: 4, name: "e.png", ...size }, [bytes("jpeg")]);
    const { picture, name } = await asked;
    expect([picture.type, picture.size, name]).toEqual(["image/jpeg", 4, "e.png"]);
  });
});
