// The model's answers, subpart to whole: a picture, a word and how sure the model is of each. Figures
// are for who asks.

import { useMemo } from "preact/hooks";
import type { ViewContext } from "../commands/context";
import { digitKey } from "../commands/key-names";
import type { EncodedMask } from "../geometry/rle";
import type { Candidate } from "../protocol";
import { pendingColor, shownMultimask } from "../state/selectors";
import type { Store } from "../state/store";
import { Select } from "./controls/field";
import { formatArea, formatScore, formatShare } from "./controls/format";
import { MaskThumbnail } from "./controls/mask-thumbnail";

const NAMES = ["Subpart", "Part", "Whole"] as const;
/** CSS pixels. */
const THUMBNAIL = 42;

const MEANING = {
  score: "how well the model expects this mask to match the object, from 0 to 1",
  stability: "how little the mask changes when its threshold moves, from 0 to 1",
} as const;

export function Candidates({ store, actions }: ViewContext) {
  const answer = store.answer.value;
  const { candidates } = answer;
  const masks = useMemo(
    () => answer.candidates.map(({ rle }) => ({ rle, width: answer.width, height: answer.height })),
    [answer],
  );
  return (
    <section class="sam-panel sam-masks" aria-label="Masks">
      <header class="sam-panel-head">
        <h3>Masks</h3>
        <span class="sam-spacer" />
        <FiguresButton store={store} />
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
              masks={masks}
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

interface CardProps extends ViewContext {
  candidate: Candidate;
  masks: readonly EncodedMask[];
  index: number;
}

function CandidateButton({ candidate, masks, index, store, actions }: CardProps) {
  const { candidates, selected, revision } = store.answer.value;
  const image = store.image.value;
  const name = candidateName(index, candidates.length);
  const score = formatScore(candidate.score);
  const stability = formatScore(candidate.stability);
  const area = formatArea(candidate.area);
  const share = formatShare(candidate.area, image ? image.width * image.height : 0);
  const peek = () => {
    store.peeked.value = { revision, index };
  };
  const stopPeeking = () => {
    if (store.peeked.value?.index === index) store.peeked.value = null;
  };
  return (
    <button
      type="button"
      class="sam-candidate"
      data-testid={`candidate-${index}`}
      aria-pressed={index === selected}
      aria-keyshortcuts={String(index + 1)}
      aria-label={
        `${name}, mask ${index + 1} of ${candidates.length}: predicted IoU ${score}, ` +
        `stability ${stability}, area ${area}, ${share} of the picture`
      }
      title={
        `${name} (key ${index + 1})\n` +
        `Predicted IoU ${score}: ${MEANING.score}\n` +
        `Stability ${stability}: ${MEANING.stability}\n` +
        `Area ${area}, ${share} of the picture`
      }
      onClick={() => {
        if (index !== selected) actions.choose(index);
      }}
      onMouseEnter={peek}
      onFocus={peek}
      onMouseLeave={stopPeeking}
      onBlur={stopPeeking}
    >
      <MaskThumbnail
        store={store}
        masks={masks}
        index={index}
        color={pendingColor(store)}
        side={THUMBNAIL}
      />
      <span class="sam-candidate-text">
        <span class="sam-candidate-name">
          <kbd>{digitKey(index + 1)}</kbd>
          {name}
        </span>
        {candidate.score === null ? (
          <span class="sam-candidate-note">drawn by hand</span>
        ) : (
          <span class="sam-confidence">
            <span style={{ width: `${Math.round(100 * clamped(candidate.score))}%` }} />
          </span>
        )}
        {store.figures.value && (
          <span class="sam-figures" data-testid={`figures-${index}`}>
            <span>
              IoU <b>{score}</b>
            </span>
            <span>
              stable <b>{stability}</b>
            </span>
            <span>{share}</span>
          </span>
        )}
      </span>
    </button>
  );
}

function clamped(score: number): number {
  return Math.min(Math.max(score, 0), 1);
}

function FiguresButton({ store }: { store: Store }) {
  const { figures } = store;
  return (
    <button
      type="button"
      class="sam-toggle"
      data-testid="figures-toggle"
      title="Show predicted IoU, stability and area as figures"
      aria-pressed={figures.value}
      onClick={() => {
        figures.value = !figures.value;
      }}
    >
      Figures
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
      value={() => String(shownMultimask(store))}
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
