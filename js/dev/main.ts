// The whole widget on a photo, without Python: node js/build.mjs --serve.
// The address chooses what to look at: ?dark, ?width=360, ?labels=cup,spoon, ?status=encoding,
// ?problem, ?lost, ?noimage, ?objects=500.
// photo.jpg is scikit-image's "coffee", by Rachel Michetti, free of restrictions (CC0).

import { NO_IMAGE } from "../src/host/traits";
import widget from "../src/index";
import type { Traits } from "../src/protocol";
import { DiscKernel } from "./kernel";

const choice = new URLSearchParams(location.search);
if (choice.has("dark")) document.body.dataset.dark = "";

const place = document.querySelector<HTMLElement>("#widget");
if (!place) throw new Error("The page has no #widget.");
const width = choice.get("width");
if (width) place.style.width = `${width}px`;

const photo = await (await fetch("photo.jpg")).arrayBuffer();
const kernel = new DiscKernel(
  {
    id: "coffee",
    width: 600,
    height: 400,
    note: choice.get("note") ?? "",
    preview: new DataView(photo),
    preview_mime: "image/jpeg",
    preview_width: 600,
    preview_height: 400,
    max_level: -1,
    tile_size: 512,
  },
  startingTraits(),
);
await kernel.host.render(widget, place);
acceptDiscs(Number(choice.get("objects") ?? 0));
if (choice.has("lost")) kernel.host.deliver({ type: "closed" });

function startingTraits(): Partial<Traits> {
  const traits: Partial<Traits> = { labels: choice.get("labels")?.split(",") ?? [] };
  if (choice.has("noimage")) traits.image_state = NO_IMAGE;
  const status = choice.get("status");
  if (status) traits.status = status as Traits["status"];
  if (choice.has("problem")) {
    traits.status = "error";
    traits.problem = {
      code: "weights",
      message: "The model's weights could not be downloaded: the network is unreachable.",
      hint: 'Download them elsewhere and pass checkpoint="sam_vit_b.pth", or use model="fake".',
    };
  }
  return traits;
}

/** As many accepted annotations as asked for, scattered over the picture. */
function acceptDiscs(count: number): void {
  for (let index = 0; index < count; index++) {
    const x = (index * 97) % 600;
    const y = (index * 61) % 400;
    kernel.host.model.send({
      type: "add_point",
      x,
      y,
      positive: true,
      id: `p${index}`,
      version: 0,
    });
    kernel.host.model.send({
      type: "accept",
      label: ["cup", "spoon", "table"][index % 3] ?? "",
      id: `a${index}`,
      version: 0,
    });
  }
}
