// Which images the strip shows.

import type { Signal } from "@preact/signals";
import { FILTERS, type ImageFilter } from "../../state/series";

const WORDS: Record<ImageFilter, string> = {
  all: "All",
  todo: "To do",
  done: "Done",
  empty: "Empty",
};
const HINTS: Record<ImageFilter, string> = {
  all: "Show all images",
  todo: "Show only images that are to do",
  done: "Show only images that are done",
  empty: "Show only images without objects",
};

export function StripFilter({ filter }: { filter: Signal<ImageFilter> }) {
  return (
    <fieldset class="sam-segments sam-strip-filter" aria-label="Images that the strip shows">
      {FILTERS.map((which) => (
        <button
          key={which}
          type="button"
          class="sam-segment"
          data-testid={`strip-${which}`}
          aria-pressed={filter.value === which}
          title={HINTS[which]}
          onClick={() => {
            filter.value = which;
          }}
        >
          {WORDS[which]}
        </button>
      ))}
    </fieldset>
  );
}
