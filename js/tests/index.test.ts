import { beforeEach, describe, expect, it } from "vitest";
import { DiscKernel } from "../dev/kernel";
import widget from "../src/index";
import { stubBrowser } from "./support/browser";
import { settled } from "./support/mounted";
import { IMAGE } from "./support/scene";

beforeEach(() => {
  stubBrowser();
  document.body.replaceChildren();
});

function root(): HTMLElement {
  const found = document.querySelector<HTMLElement>(".sam-widget");
  if (!found) throw new Error("There is no widget.");
  return found;
}

function byTestId(testId: string): HTMLElement[] {
  return [...root().querySelectorAll<HTMLElement>(`[data-testid="${testId}"]`)];
}

describe("the anywidget entry", () => {
  it("shows an answer that the kernel makes, and accepts it", async () => {
    const { host } = new DiscKernel(IMAGE);
    await host.render(widget, document.body);
    const point = { type: "add_point", x: 50, y: 50, positive: true };
    host.model.send({ ...point, id: "another-view", version: 0 });
    await settled();
    expect(byTestId("candidate-2")).toHaveLength(1);
    byTestId("accept")[0]?.click();
    await settled();
    expect(byTestId("candidate-0")).toHaveLength(0);
    expect(byTestId("object-row")).toHaveLength(1);
  });

  it("leaves nothing behind", async () => {
    const { host } = new DiscKernel(IMAGE);
    const remove = await host.render(widget, document.body);
    await settled();
    remove();
    expect(document.body.childElementCount).toBe(0);
    host.publish({ labels: ["late"] });
    host.deliver({ type: "closed" });
    expect(document.body.childElementCount).toBe(0);
  });

  it("renders one model twice, each view on its own", async () => {
    const { host } = new DiscKernel(IMAGE);
    const [first, other] = [document.createElement("div"), document.createElement("div")];
    document.body.append(first, other);
    const removeOne = await host.render(widget, first);
    await host.render(widget, other);
    await settled();
    other.querySelector<HTMLElement>('[data-testid="tool-box"]')?.click();
    await settled();
    expect(first.querySelector<HTMLElement>(".sam-widget")?.dataset.tool).toBe("point");
    removeOne();
    host.model.send({ type: "add_point", x: 9, y: 9, positive: true, id: "x", version: 0 });
    await settled();
    expect(other.querySelectorAll('[data-testid^="candidate-"]')).toHaveLength(3);
  });
});
