// What has been asked so far, one removable item per prompt, and what to do next.

import type { CommandContext } from "../commands/context";
import { hintFor } from "../commands/words/hints";
import type { Store } from "../state/store";
import { Icon, type IconName } from "./controls/icons";

export function PromptList({ store, actions, interaction }: CommandContext) {
  const { points, box, has_mask } = store.document.value.prompts;
  const active = store.activePrompt.value;
  const hint = hintFor({ store, interaction });
  const activate = (prompt: Store["activePrompt"]["value"]) => () => {
    store.activePrompt.value = prompt;
  };
  return (
    <>
      <ul class="sam-prompts" aria-label="Prompts" data-testid="prompt-list">
        {has_mask && (
          <PromptItem
            testId="prompt-mask"
            icon="mask"
            kind="mask"
            text="Mask"
            name="mask prompt"
            onRemove={actions.removeMask}
          />
        )}
        {box && (
          <PromptItem
            testId="prompt-box"
            icon="box"
            kind="box"
            text={`${Math.round(box.x1 - box.x0)} × ${Math.round(box.y1 - box.y0)}`}
            name={`box from ${place(box.x0, box.y0)} to ${place(box.x1, box.y1)}`}
            active={active?.kind === "box"}
            onActivate={activate({ kind: "box" })}
            onRemove={actions.removeBox}
          />
        )}
        {points.map(({ x, y, positive }, index) => (
          <PromptItem
            // A point has no identity but its place in the list.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above.
            key={index}
            testId={`prompt-point-${index}`}
            icon={positive ? "plus" : "minus"}
            kind={positive ? "include" : "exclude"}
            text={place(x, y)}
            name={`${positive ? "include" : "exclude"} point at ${place(x, y)}`}
            active={active?.kind === "point" && active.index === index}
            onActivate={activate({ kind: "point", index })}
            onRemove={() => actions.removePoint(index)}
          />
        ))}
      </ul>
      <span class="sam-hint" data-testid="hint" title={hint}>
        {hint}
      </span>
    </>
  );
}

interface ItemProps {
  testId: string;
  icon: IconName;
  kind: "include" | "exclude" | "box" | "mask";
  text: string;
  name: string;
  active?: boolean;
  onActivate?: () => void;
  onRemove: () => void;
}

function PromptItem(props: ItemProps) {
  const { testId, icon, kind, text, name, active = false, onActivate, onRemove } = props;
  return (
    <li class="sam-prompt" data-testid={testId} data-kind={kind} data-active={active}>
      <button
        type="button"
        class="sam-prompt-face"
        title={capitalised(name)}
        aria-label={capitalised(name)}
        aria-pressed={active}
        onClick={onActivate}
      >
        <span class="sam-prompt-sign">
          <Icon name={icon} />
        </span>
        {text}
      </button>
      <button
        type="button"
        class="sam-prompt-remove"
        data-testid={`${testId}-remove`}
        title={`Remove the ${name}`}
        aria-label={`Remove the ${name}`}
        onClick={onRemove}
      >
        <Icon name="clear" />
      </button>
    </li>
  );
}

function place(x: number, y: number): string {
  return `${Math.round(x)}, ${Math.round(y)}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
