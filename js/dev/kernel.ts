// A kernel made of discs: it answers every message at once, so that the whole page can be tried
// without Python. One include point gives three nested discs; boxes give ellipses.

import { decodeMask, type Mask } from "../src/geometry/masks";
import { createHost, type Host } from "../src/host/memory-host";
import { packAnswer } from "../src/host/traits";
import type {
  Candidate,
  DocumentState,
  ImageState,
  Traits,
  WireAnnotation,
  WirePrompts,
} from "../src/protocol";
import type { EverythingRequest, Gesture, Query, Request } from "../src/protocol.generated";
import { EMPTY_DOCUMENT, NO_ANSWER } from "../src/state/document";
import { encodeMask } from "./rle";

type State = Traits & Record<string, unknown>;
type Inside = (row: number, column: number) => boolean;
type Accepted = Omit<WireAnnotation, "buffer"> & { rle: DataView };

interface Entry {
  prompts: WirePrompts;
  selected: number | null;
  annotations: readonly Accepted[];
}

const COLORS = ["#e6550d", "#3182bd", "#31a354", "#756bb1", "#d6b616", "#e377c2"];
const NO_PROMPTS: WirePrompts = { points: [], box: null, has_mask: false };

export class DiscKernel {
  readonly host: Host<State>;
  readonly #image: ImageState;
  #history: Entry[] = [{ prompts: NO_PROMPTS, selected: null, annotations: [] }];
  #cursor = 0;
  #version = 0;
  #revision = 0;
  #annotationsVersion = 0;
  #accepted = 0;
  #multimask: boolean | null = null;
  #candidates: Candidate[] = [];

  constructor(image: ImageState, traits: Partial<Traits> = {}) {
    this.#image = image;
    const state: Traits = {
      image_state: image,
      document: EMPTY_DOCUMENT,
      answer: packAnswer(NO_ANSWER),
      status: "ready",
      problem: null,
      model_info: { name: "discs", device: "cpu", encode_ms: 412, decode_ms: null },
      labels: [],
      label_colors: {},
      offered_labels: [],
      accept_on_label: false,
      series_state: null,
      ...traits,
    };
    this.host = createHost<State>(state as State, (content) =>
      queueMicrotask(() => this.#receive(content as Request)),
    );
  }

  #receive(request: Request): void {
    if (this.host.model.get("status") === "error" && request.type !== "annotations") {
      const { id } = request;
      const message = "There is no model to answer this.";
      this.host.deliver({ type: "error", to: id, code: "model", message, hint: "See above." });
    } else if (isOfEverything(request)) {
      const message = "This page has no model that finds everything.";
      const { id } = request;
      const hint = "Open it in a notebook.";
      this.host.deliver({ type: "error", to: id, code: "model", message, hint });
    } else if (isQuery(request)) this.#answer(request);
    else if (request.type !== "go_to" && request.type !== "mark") this.#apply(request);
  }

  #answer(query: Query & { id: string }): void {
    const { id } = query;
    const { width, height } = this.#image;
    if (query.type === "preview") {
      const rle = encodeMask(width, height, disc(query.x, query.y, this.#unit * 1.6));
      const preview = { x: query.x, y: query.y, score: 0.9, width, height };
      this.host.deliver({ type: "reply", to: id, of: "preview", preview }, [rle]);
    } else if (query.type === "annotations") {
      const { annotations } = this.#entry;
      const list = annotations.map(({ rle: _, ...rest }, buffer) => ({ ...rest, buffer }));
      const version = this.#annotationsVersion;
      this.host.deliver(
        { type: "reply", to: id, of: "annotations", version, annotations: list, next: null },
        annotations.map(({ rle }) => rle),
      );
    } else if (query.type === "islands") {
      const islands = { island_count: 3, islands: [12, 40, 310], hole_count: 1, holes: [7] };
      this.host.deliver({ type: "reply", to: id, of: "islands", ...islands });
    } else this.host.deliver({ type: "reply", to: id, of: "ping" });
  }

  #apply(gesture: Gesture & { id: string }): void {
    const before = this.#entry;
    if (gesture.type === "undo") this.#cursor = Math.max(0, this.#cursor - 1);
    else if (gesture.type === "redo") {
      this.#cursor = Math.min(this.#history.length - 1, this.#cursor + 1);
    } else if (gesture.type === "set_multimask") this.#multimask = gesture.value;
    else {
      this.#history = [...this.#history.slice(0, this.#cursor + 1), this.#next(gesture)];
      this.#cursor += 1;
    }
    this.#version += 1;
    this.#revision += 1;
    this.#publish();
    this.#sendDelta(before.annotations);
    const { id } = gesture;
    const [version, revision] = [this.#version, this.#revision];
    this.host.deliver({ type: "reply", to: id, of: "gesture", version, revision });
  }

  /** The entry that a gesture adds to the history. */
  #next(gesture: Gesture): Entry {
    const { prompts, annotations } = this.#entry;
    switch (gesture.type) {
      case "choose":
        return { ...this.#entry, selected: gesture.index };
      case "accept":
        return {
          prompts: NO_PROMPTS,
          selected: null,
          annotations: [...annotations, this.#accept(gesture.label)],
        };
      case "update_annotation": {
        const { type: _, annotation_id, ...change } = gesture;
        const changed = annotations.map((annotation) =>
          annotation.id === annotation_id ? { ...annotation, ...change } : annotation,
        );
        return { ...this.#entry, annotations: changed };
      }
      case "update_annotations": {
        const { type: _, ids, ...change } = gesture;
        const changed = annotations.map((annotation) =>
          ids.includes(annotation.id)
            ? { ...annotation, ...change, ...this.#labelled(change.label) }
            : annotation,
        );
        return { ...this.#entry, annotations: changed };
      }
      case "remove_annotations": {
        const kept = annotations.filter((annotation) => !gesture.ids.includes(annotation.id));
        return { ...this.#entry, annotations: kept };
      }
      case "duplicate_annotation":
        return { ...this.#entry, annotations: this.#duplicated(gesture.annotation_id) };
      case "show_only": {
        const shown = annotations.map((annotation) => ({
          ...annotation,
          visible: gesture.ids.includes(annotation.id),
        }));
        return { ...this.#entry, annotations: shown };
      }
      case "rename_label":
      case "recolor_label": {
        const change =
          gesture.type === "rename_label" ? { label: gesture.to } : { color: gesture.color };
        const changed = annotations.map((annotation) =>
          annotation.label === gesture.label ? { ...annotation, ...change } : annotation,
        );
        return { ...this.#entry, annotations: changed };
      }
      case "remove_annotation": {
        const kept = annotations.filter((annotation) => annotation.id !== gesture.annotation_id);
        return { ...this.#entry, annotations: kept };
      }
      default:
        return { prompts: edited(prompts, gesture), selected: null, annotations };
    }
  }

  #duplicated(id: string): Accepted[] {
    return this.#entry.annotations.flatMap((annotation) =>
      annotation.id === id
        ? [annotation, { ...annotation, id: `${id}-${this.#version}` }]
        : [annotation],
    );
  }

  #accept(label: string | null): Accepted {
    const chosen = this.#candidates[this.#selected];
    this.#accepted += 1;
    const { width, height } = this.#image;
    return {
      id: `object-${this.#accepted}`,
      label: label ?? "",
      color:
        this.#labelled(label || undefined).color ??
        COLORS[(this.#accepted - 1) % COLORS.length] ??
        "#3182bd",
      visible: true,
      score: chosen?.score ?? 0,
      stability: chosen?.stability ?? 0,
      area: chosen?.area ?? 0,
      bbox: chosen ? boxOf(decodeMask({ rle: chosen.rle, width, height })) : [0, 0, width, height],
      width,
      height,
      rle: chosen?.rle ?? encodeMask(width, height, () => false),
    };
  }

  /** What a label brings with it: its colour, which the first object under it had. */
  #labelled(label: string | undefined): { color?: string } {
    const color = this.#entry.annotations.find((annotation) => annotation.label === label)?.color;
    return color ? { color } : {};
  }

  #labels(): Pick<Traits, "labels" | "label_colors"> {
    const colors: Record<string, string> = {};
    for (const [index, label] of this.host.model.get("labels").entries()) {
      colors[label] = COLORS[index % COLORS.length] ?? "#3182bd";
    }
    for (const { label, color } of this.#entry.annotations) if (label) colors[label] = color;
    return { labels: Object.keys(colors), label_colors: colors };
  }

  #publish(): void {
    const { prompts } = this.#entry;
    this.#candidates = this.#predict(prompts);
    const { width, height } = this.#image;
    this.host.publish({
      ...this.#labels(),
      document: {
        version: this.#version,
        prompts,
        can_undo: this.#cursor > 0,
        can_redo: this.#cursor < this.#history.length - 1,
        cursor: this.#cursor,
        length: this.#history.length,
        multimask: this.#multimask,
        reopened: null,
        journal: null,
      } satisfies DocumentState,
      answer: packAnswer({
        revision: this.#revision,
        version: this.#version,
        width,
        height,
        selected: this.#selected,
        candidates: this.#candidates,
      }),
      model_info: { name: "discs", device: "cpu", encode_ms: 412, decode_ms: 7.4 },
    } as Partial<State>);
  }

  #sendDelta(before: readonly Accepted[]): void {
    const after = this.#entry.annotations;
    const removed = before.filter((annotation) => after.every(({ id }) => id !== annotation.id));
    const changed = after.flatMap((annotation, index) =>
      before.includes(annotation) ? [] : [{ annotation, index }],
    );
    if (removed.length + changed.length === 0) return;
    this.#annotationsVersion += 1;
    this.host.deliver(
      {
        type: "annotations_changed",
        version: this.#annotationsVersion,
        changed: changed.map(({ annotation: { rle: _, ...rest }, index }, buffer) => ({
          index,
          annotation: { ...rest, buffer },
        })),
        removed: removed.map(({ id }) => id),
      },
      changed.map(({ annotation }) => annotation.rle),
    );
  }

  #predict(prompts: WirePrompts): Candidate[] {
    const include = prompts.points.filter(({ positive }) => positive);
    const exclude = prompts.points.filter(({ positive }) => !positive);
    const bite: Inside = any(exclude.map(({ x, y }) => disc(x, y, this.#unit)));
    if (prompts.points.length + (prompts.box ? 1 : 0) === 0) return [];
    const lone = prompts.points.length === 1 && prompts.box === null;
    const sizes = (this.#multimask ?? lone) ? [1, 2, 3.6] : [2];
    return sizes.map((size, index) => {
      const discs = any(include.map(({ x, y }) => disc(x, y, size * this.#unit)));
      const oval = prompts.box ? ellipse(prompts.box) : discs;
      const inside: Inside = (row, column) =>
        (oval(row, column) || discs(row, column)) && !bite(row, column);
      return this.#candidate(inside, [0.83, 0.95, 0.88][index] ?? 0.9);
    });
  }

  #candidate(inside: Inside, score: number): Candidate {
    const { width, height } = this.#image;
    let area = 0;
    const rle = encodeMask(width, height, (row, column) => {
      const held = inside(row, column);
      area += held ? 1 : 0;
      return held;
    });
    return { score, stability: score + 0.03, area, rle };
  }

  get #entry(): Entry {
    return this.#history[this.#cursor] ?? { prompts: NO_PROMPTS, selected: null, annotations: [] };
  }

  /** The middle one of three scores best. */
  get #selected(): number {
    return this.#entry.selected ?? (this.#candidates.length === 3 ? 1 : 0);
  }

  get #unit(): number {
    return Math.min(this.#image.width, this.#image.height) / 12;
  }
}

function isOfEverything(
  request: Request,
): request is EverythingRequest & { id: string; version: number } {
  return request.type.startsWith("everything_");
}

function isQuery(request: Request): request is Query & { id: string; version: number } {
  const queries = ["preview", "tile", "annotations", "islands", "ping", "thumbnail"];
  return queries.includes(request.type);
}

function edited(prompts: WirePrompts, gesture: Gesture): WirePrompts {
  const { points } = prompts;
  switch (gesture.type) {
    case "add_point": {
      const { x, y, positive } = gesture;
      return { ...prompts, points: [...points, { x, y, positive }] };
    }
    case "move_point": {
      const { index, x, y } = gesture;
      return {
        ...prompts,
        points: points.map((point, at) => (at === index ? { ...point, x, y } : point)),
      };
    }
    case "remove_point":
      return { ...prompts, points: points.filter((_, at) => at !== gesture.index) };
    case "set_box": {
      const { x0, y0, x1, y1 } = gesture;
      return { ...prompts, box: { x0, y0, x1, y1 } };
    }
    case "remove_box":
      return { ...prompts, box: null };
    case "set_mask_from":
      return { ...prompts, has_mask: true };
    case "remove_mask":
      return { ...prompts, has_mask: false };
    default:
      return NO_PROMPTS;
  }
}

/** Pixel (row, column) is asked at its centre. */
function disc(x: number, y: number, radius: number): Inside {
  return (row, column) => Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius;
}

function ellipse({ x0, y0, x1, y1 }: { x0: number; y0: number; x1: number; y1: number }): Inside {
  return (row, column) => {
    const across = (2 * (column + 0.5) - x0 - x1) / (x1 - x0);
    const down = (2 * (row + 0.5) - y0 - y1) / (y1 - y0);
    return across * across + down * down <= 1;
  };
}

function any(parts: readonly Inside[]): Inside {
  return (row, column) => parts.some((part) => part(row, column));
}

function boxOf({ left, top, columns, rows }: Mask): [number, number, number, number] {
  return [left, top, columns, rows];
}
