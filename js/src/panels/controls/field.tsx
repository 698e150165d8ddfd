// Every field of the widget. Its value follows the state, but never while a person is in it: no
// render touches what is being typed, its selection or its caret.

import type {
  InputHTMLAttributes,
  LooseInputHTMLAttributes,
  LooseSelectHTMLAttributes,
  RefObject,
  SelectHTMLAttributes,
} from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Following {
  /** What the state says. Asked when drawing, and again when the field is left: it must not be old. */
  value: () => string;
}

type InputProps = Omit<
  LooseInputHTMLAttributes<HTMLInputElement>,
  "value" | "defaultValue" | "ref" | "onBlur"
> &
  Following & { fieldRef?: RefObject<HTMLInputElement | null>; list?: string };
type SelectProps = Omit<
  LooseSelectHTMLAttributes<HTMLSelectElement>,
  "value" | "defaultValue" | "ref" | "onBlur"
> &
  Following;

export function Field({ value, fieldRef, ...rest }: InputProps) {
  const own = useRef<HTMLInputElement>(null);
  const field = fieldRef ?? own;
  const attributes = rest as InputHTMLAttributes<HTMLInputElement>;
  return <input {...attributes} ref={field} onBlur={useFollowing(field, value)} />;
}

export function Select({ value, children, ...rest }: SelectProps) {
  const field = useRef<HTMLSelectElement>(null);
  const attributes = rest as SelectHTMLAttributes<HTMLSelectElement>;
  return (
    <select {...attributes} ref={field} onBlur={useFollowing(field, value)}>
      {children}
    </select>
  );
}

/** Writes the value after each render, unless the field is in use; then, when it is left. */
function useFollowing(
  field: { readonly current: HTMLInputElement | HTMLSelectElement | null },
  value: () => string,
): () => void {
  const shown = value();
  const follow = (text: string) => {
    const { current } = field;
    if (current && !isInUse(current) && current.value !== text) current.value = text;
  };
  useLayoutEffect(() => follow(shown));
  return () => follow(value());
}

/** Also while its window is in the background, or behind the browser's dialog for colours. */
function isInUse(field: HTMLElement): boolean {
  const page = field.getRootNode();
  const { activeElement } = page instanceof ShadowRoot ? page : field.ownerDocument;
  return activeElement === field;
}
