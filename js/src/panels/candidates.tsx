// The model's answers, subpart to whole, each with its picture and its numbers.

import type { ViewContext } from "../commands/context";
import type { Candidate } from "../protocol";
import { Thumbnail } from "./candidate-thumbnail";
import { Select } from "./controls/field";
import { formatArea, formatScore, formatShare } from "./controls/format";

const NAMES = ["Subpart", "Part", "Whole"] as const;

const MEANING = {
  score: "Predicted IoU: how well the model expects this mask to match the object, from 0 to 1.",
  stability: "Stability: how little the mask changes when its threshold moves, from 0 to 1.",
  area: "Area: pixels of the original picture, and their share of it.",
} as const;

export function Candidates({ store, actions }: ViewContext) {
  const { candidates } = store.answer.value;
  return (
    <section class="sam-panel sam-masks" aria-label="Masks">
      <header class="sam-panel-head">
        <h3>Masks</h3>
        <MaskCount store={store} actions={actions} />
      </header>
      <div class="sam-candidates" data-count={candidates.length}>
        {candidates.length === 0 ? (
          <p class="sam-placeholder" data-testid="masks-placeholder">
            Click an object in the picture.
            <br />
            One click gives three masks to choose from.
          </p>
        ) : (
          candidates.map((candidate, index) => (
            <CandidateButton
              // A candidate has no identity but its place.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above.
              key={index}
              candidate={candidate}
              index={index}
              store={store}
              actions={actions}
            />
          ))
        )}
      </div>
    </section>
  );
}

/** What the candidate at `index` of `count` is called. */
export function candidateName(index: number, count: number): string {
  return (count === NAMES.length ? NAMES[index] : undefined) ?? "Mask";
}

function CandidateButton({
  candidate,
  index,
  store,
  actions,
}: ViewContext & { candidate: Candidate; index: number }) {
  const { candidates, selected } = store.answer.value;
  const image = store.image.value;
  const name = candidateName(index, candidates.length);
  const score = formatScore(candidate.score);
  const stability = formatScore(candidate.stability);
  const area = formatArea(candidate.area);
  const share = formatShare(candidate.area, image ? image.width * image.height : 0);
  return (
    <button
      type="button"
      class="sam-candidate"
      data-testid={`candidate-${index}`}
      aria-pressed={index === selected}
      aria-label={
        `${name}, mask ${index + 1} of ${candidates.length}: predicted IoU ${score}, ` +
        `stability ${stability}, area ${area}, ${share} of the picture`
      }
      title={`${name} (${index + 1})`}
      onClick={() => {
        if (index !== selected) actions.choose(index);
      }}
    >
      <Thumbnail store={store} index={index} />
      <span class="sam-candidate-text">
        <span class="sam-candidate-name">
          <kbd>{index + 1}</kbd>
          {name}
        </span>
        <span class="sam-figures">
          <span class="sam-figure" title={MEANING.score}>
            <span class="sam-figure-name">IoU</span>
            <b>{score}</b>
          </span>
          <span class="sam-figure" title={MEANING.stability}>
            <span class="sam-figure-name">stable</span>
            <b>{stability}</b>
          </span>
        </span>
        <span class="sam-area" title={MEANING.area}>
          {area} · {share}
        </span>
      </span>
    </button>
  );
}

function MaskCount({ store, actions }: ViewContext) {
  return (
    <Select
      class="sam-select"
      data-testid="mask-count"
      aria-label="How many masks to ask for"
      title="Automatic: one lone point gives three masks, anything more gives one."
      value={() => String(store.document.value.multimask)}
      onChange={({ currentTarget }) => {
        actions.setMultimask({ true: true, false: false }[currentTarget.value] ?? null);
      }}
    >
      <option value="null">Automatic</option>
      <option value="true">Always three</option>
      <option value="false">Always one</option>
    </Select>
  );
}
