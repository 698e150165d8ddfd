// A label that is edited in place.

import { useLayoutEffect, useRef } from "preact/hooks";
import { Field } from "./field";

/** Edits a label in place: Enter or leaving keeps what was typed, Escape does not. */
export function LabelField({
  label,
  onEdited,
  testId = "object-label-input",
}: {
  label: string;
  onEdited: (label: string | null) => void;
  testId?: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  // Leaving by key removes the field, which then blurs: once is enough.
  const left = useRef(false);
  // As soon as it is there, so that the first key is the field's, and no later one is overwritten.
  useLayoutEffect(() => {
    input.current?.focus({ preventScroll: true });
    input.current?.select();
  }, []);
  const finish = (value: string | null) => {
    if (left.current) return;
    left.current = true;
    onEdited(value);
  };
  return (
    <Field
      type="text"
      class="sam-input sam-object-edit"
      data-testid={testId}
      aria-label="Label"
      spellcheck={false}
      maxLength={200}
      fieldRef={input}
      // What the label becomes elsewhere does not matter here: at first it was this.
      value={() => input.current?.value ?? label}
      onKeyDown={(event) => {
        if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        finish(event.key === "Enter" ? event.currentTarget.value.trim() : null);
      }}
      onBlurCapture={(event) => finish(event.currentTarget.value.trim())}
    />
  );
}
