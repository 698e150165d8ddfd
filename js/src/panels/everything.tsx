// Everything mode: start it, watch it, sieve what it found, keep what is wanted.

import { useSignal } from "@preact/signals";
import type { ViewContext } from "../commands/context";
import { keepAll, keepSelected, toggleEverything } from "../commands/everything";
import type { EverythingThresholds } from "../protocol.generated";
import type { EverythingLook, FoundMask } from "../state/everything";
import type { Store } from "../state/store";
import { Field, Select } from "./controls/field";
import { formatCount } from "./controls/format";
import { IconButton } from "./controls/icon-button";

interface Rule {
  readonly name: keyof EverythingThresholds;
  readonly label: string;
  readonly help: string;
  readonly max: number;
  readonly step: number;
  /** Names of the counts in `removed` that this slider answers for. */
  readonly removes: readonly string[];
}

const RULES: readonly Rule[] = [
  {
    name: "pred_iou_thresh",
    label: "Predicted IoU",
    help: "How good the model itself must think a mask is.",
    max: 1,
    step: 0.01,
    removes: ["predicted_iou"],
  },
  {
    name: "stability_score_thresh",
    label: "Stability",
    help: "How little a mask may change when its threshold is shifted.",
    max: 1,
    step: 0.01,
    removes: ["stability"],
  },
  {
    name: "box_nms_thresh",
    label: "Overlap",
    help: "Of masks whose boxes overlap more than this, only the best stays.",
    max: 1,
    step: 0.01,
    removes: ["duplicate", "crop_duplicate", "cleaned_duplicate"],
  },
  {
    name: "min_mask_region_area",
    label: "Smallest part",
    help: "Holes and islands with fewer pixels are filled or dropped.",
    max: 1000,
    step: 10,
    removes: [],
  },
];

const LOOKS: readonly { look: EverythingLook; label: string; title: string }[] = [
  { look: "colours", label: "Colours", title: "A colour for each mask" },
  { look: "scores", label: "Scores", title: "Coloured by predicted IoU: violet low, yellow high" },
  { look: "edges", label: "Edges", title: "The edges of the masks alone" },
];

export function EverythingPanel({ store, actions }: ViewContext) {
  const mode = store.everything;
  if (!mode.open.value) return null;
  const found = mode.masks.value.length > 0;
  return (
    <section
      class="sam-panel sam-everything"
      aria-label="Everything"
      data-testid="everything-panel"
      data-stage={mode.stage.value}
      data-kept={mode.kept.value.length}
      data-painted={mode.painted.value}
      data-candidates={mode.masks.value.length}
    >
      <header class="sam-panel-head">
        <h3>Everything</h3>
        {found && (
          <span class="sam-badge" title="Masks that stay, of all candidates">
            {mode.kept.value.length} of {mode.masks.value.length}
          </span>
        )}
        <IconButton
          icon="clear"
          label="Close everything mode"
          testId="everything-close"
          small={true}
          onPress={() => toggleEverything({ store, actions })}
        />
      </header>
      <Start store={store} actions={actions} />
      <Progress store={store} />
      {found && <Sieve store={store} actions={actions} />}
      {found && <Looks store={store} />}
      {found && <Keep store={store} actions={actions} />}
    </section>
  );
}

function Start({ store, actions }: ViewContext) {
  const points = useSignal(16);
  const crops = useSignal(0);
  const mode = store.everything;
  const { region } = mode;
  return (
    <div class="sam-everything-start">
      <label title="Points along each side of the grid that is asked: more find smaller things.">
        Grid
        <Select
          class="sam-select"
          data-testid="everything-points"
          value={() => String(points.value)}
          onChange={({ currentTarget }) => {
            points.value = Number(currentTarget.value);
          }}
        >
          {[8, 16, 24, 32, 64].map((count) => (
            <option key={count} value={count}>{`${count}×${count}`}</option>
          ))}
        </Select>
      </label>
      <label title="Parts of the image that are also looked at enlarged: 4, or 4 and 16. Each is encoded.">
        Crops
        <Select
          class="sam-select"
          data-testid="everything-crops"
          value={() => String(crops.value)}
          onChange={({ currentTarget }) => {
            crops.value = Number(currentTarget.value);
          }}
        >
          <option value={0}>none</option>
          <option value={1}>2×2</option>
          <option value={2}>+ 4×4</option>
        </Select>
      </label>
      {mode.busy.value ? (
        <button
          type="button"
          class="sam-secondary"
          data-testid="everything-cancel"
          title="Stop; what was found stays"
          onClick={() => actions.everything.cancel()}
        >
          Cancel
        </button>
      ) : (
        <button
          type="button"
          class="sam-primary"
          data-testid="everything-run"
          title={
            region.value
              ? "Find all masks in the box"
              : "Find all masks of the image; drag a box on it to look only there"
          }
          onClick={() => actions.everything.run(points.value, crops.value, region.value)}
        >
          Find
        </button>
      )}
      {region.value && (
        <p class="sam-dim sam-everything-region">
          Only inside the box.{" "}
          <button
            type="button"
            class="sam-link"
            data-testid="everything-whole"
            onClick={() => {
              region.value = null;
            }}
          >
            Whole image
          </button>
        </p>
      )}
    </div>
  );
}

function Progress({ store }: { store: Store }) {
  const { stage, share, secondsLeft, problem, busy } = store.everything;
  if (problem.value !== null) {
    return (
      <p class="sam-everything-problem" role="alert" data-testid="everything-problem">
        {problem.value}
      </p>
    );
  }
  if (stage.value === "cancelled") {
    return <p class="sam-dim">{`Stopped at ${percent(share.value)}. What was found stays.`}</p>;
  }
  if (!busy.value) return null;
  const words = stage.value === "decoding" ? timeLeft(secondsLeft.value) : "Encoding the image …";
  return (
    <div class="sam-everything-progress">
      <progress
        max={1}
        value={stage.value === "decoding" ? share.value : undefined}
        aria-label="Progress of everything mode"
      />
      <span class="sam-dim">{`${percent(share.value)} · ${words}`}</span>
    </div>
  );
}

function Sieve({ store, actions }: ViewContext) {
  const mode = store.everything;
  // Where a slider was put, until Python has said the same.
  const thresholds = mode.thresholds.value;
  const move = (name: Rule["name"], value: number): void => {
    const next = { ...complete(thresholds), [name]: value };
    if (name === "box_nms_thresh") next.crop_nms_thresh = value;
    mode.thresholds.value = next;
    actions.everything.filter(next);
  };
  return (
    <div class="sam-everything-sieve">
      {RULES.map((rule) => {
        const value = thresholds[rule.name] ?? 0;
        const removed = rule.removes.reduce(
          (sum, name) => sum + (mode.removed.value[name] ?? 0),
          0,
        );
        return (
          <label key={rule.name} class="sam-everything-rule" title={rule.help}>
            <span class="sam-everything-name">{rule.label}</span>
            <Field
              type="range"
              min={0}
              max={rule.max}
              step={rule.step}
              value={() => String(mode.thresholds.value[rule.name] ?? 0)}
              data-testid={`everything-${rule.name}`}
              onInput={({ currentTarget }) => move(rule.name, currentTarget.valueAsNumber)}
            />
            <output data-testid={`everything-value-${rule.name}`}>
              {rule.step < 1 ? value.toFixed(2) : `${value} px`}
            </output>
            {rule.removes.length > 0 && (
              <small
                class="sam-dim"
                data-testid={`everything-removed-${rule.name}`}
                title={`It removes ${removed}`}
              >
                {`\u2212${removed}`}
              </small>
            )}
          </label>
        );
      })}
      <Others removed={mode.removed.value} />
    </div>
  );
}

function Others({ removed }: { removed: Readonly<Record<string, number>> }) {
  const parts = [
    [removed.cut_off, "cut off at the edge of a crop"],
    [removed.outside, "reach out of the box"],
  ] as const;
  const said = parts.filter(([count]) => (count ?? 0) > 0);
  if (said.length === 0) return null;
  return <p class="sam-dim">{said.map(([count, what]) => `${count} ${what}`).join(", ")}.</p>;
}

function Looks({ store }: { store: Store }) {
  const { look } = store.everything;
  return (
    <fieldset class="sam-segments sam-everything-looks" aria-label="How masks are shown">
      {LOOKS.map((choice) => (
        <button
          type="button"
          key={choice.look}
          title={choice.title}
          class="sam-segment"
          data-testid={`everything-look-${choice.look}`}
          aria-pressed={look.value === choice.look}
          onClick={() => {
            look.value = choice.look;
          }}
        >
          {choice.label}
        </button>
      ))}
    </fieldset>
  );
}

function Keep({ store, actions }: ViewContext) {
  const mode = store.everything;
  const rows = [...mode.selected.value];
  const label = store.label.value;
  const only = rows.length === 1 ? mode.masks.value[rows[0] ?? -1] : undefined;
  return (
    <div class="sam-everything-keep">
      <p class="sam-dim" data-testid="everything-selection">
        {selectionWords(rows.length, only, store.figures.value)}
      </p>
      <button
        type="button"
        class="sam-primary"
        data-testid="everything-keep-selected"
        aria-disabled={rows.length === 0}
        title={keepTitle("the selected masks", label)}
        onClick={() => keepSelected({ store, actions })}
      >
        <span class="sam-cut">{keepWords(`${rows.length}`, label)}</span>
      </button>
      <button
        type="button"
        class="sam-secondary"
        data-testid="everything-keep-all"
        aria-disabled={mode.kept.value.length === 0}
        title={keepTitle("all masks that stay", label)}
        onClick={() => keepAll({ store, actions })}
      >
        <span class="sam-cut">{keepWords(`all ${mode.kept.value.length}`, label)}</span>
      </button>
    </div>
  );
}

function selectionWords(count: number, only: FoundMask | undefined, figures: boolean): string {
  if (only && figures) {
    const scores = `IoU ${only.score.toFixed(2)}, stability ${only.stability.toFixed(2)}`;
    return `${scores}, ${only.area.toLocaleString("en")} px.`;
  }
  if (count > 0) return `${formatCount(count, "mask")} selected.`;
  return "Click a mask to select it, right-click to add more.";
}

/** What a press makes of how many: "Keep 8 as cup". */
function keepWords(which: string, label: string): string {
  return label === "" ? `Keep ${which}` : `Keep ${which} as ${label}`;
}

function keepTitle(what: string, label: string): string {
  return `Accept ${what} as objects${label ? ` under “${label}”` : ""}; one undo takes them back`;
}

function complete(thresholds: Partial<EverythingThresholds>): EverythingThresholds {
  return {
    pred_iou_thresh: 0,
    stability_score_thresh: 0,
    box_nms_thresh: 0.7,
    crop_nms_thresh: 0.7,
    min_mask_region_area: 0,
    ...thresholds,
  };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function timeLeft(seconds: number | null): string {
  if (seconds === null) return "beginning …";
  return seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;
}
