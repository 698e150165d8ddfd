// What clicks and keys in the list of annotations select; pure.

/** A selection, the row that ranges start from, and the row that keys move. */
export interface Pick {
  readonly selection: ReadonlySet<string>;
  readonly anchor: string | null;
  readonly active: string | null;
}

export const NOTHING_PICKED: Pick = { selection: new Set(), anchor: null, active: null };

/** A click, or a move by key: `range` selects from the anchor on, `toggle` adds or takes away. */
export function pick(
  before: Pick,
  ids: readonly string[],
  id: string,
  { range = false, toggle = false },
): Pick {
  if (range) {
    const anchor = before.anchor !== null && ids.includes(before.anchor) ? before.anchor : id;
    const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)].sort((a, b) => a - b);
    const between = ids.slice(from, (to ?? 0) + 1);
    const kept = toggle ? before.selection : [];
    return { selection: new Set([...kept, ...between]), anchor, active: id };
  }
  if (!toggle) return { selection: new Set([id]), anchor: id, active: id };
  const selection = new Set(before.selection);
  if (!selection.delete(id)) selection.add(id);
  return { selection, anchor: id, active: id };
}

/** What a key means in the list. */
export type ListCommand = { do: "pick"; pick: Pick } | { do: "rename" } | { do: "delete" };

/** `mod` is Control, or Command on Apple's keyboards; null for keys that are not the list's. */
export function commandOf(
  { key, shiftKey, mod }: { key: string; shiftKey: boolean; mod: boolean },
  before: Pick,
  ids: readonly string[],
): ListCommand | null {
  const to = rowAfter(ids, before.active, key);
  if (to !== null) {
    const moveOnly = mod && !shiftKey;
    const next = moveOnly
      ? { ...before, active: to }
      : pick(before, ids, to, { range: shiftKey, toggle: mod });
    return { do: "pick", pick: next };
  }
  if (key === " " && before.active !== null) {
    const next = pick(before, ids, before.active, { range: shiftKey, toggle: !shiftKey });
    return { do: "pick", pick: next };
  }
  if (mod && key.toLowerCase() === "a") {
    return { do: "pick", pick: { ...before, selection: new Set(ids) } };
  }
  if (mod) return null;
  if (key === "F2" || key === "Enter") return { do: "rename" };
  return key === "Delete" || key === "Backspace" ? { do: "delete" } : null;
}

/** The row that an arrow, Home or End leads to; null where there is no row. */
export function rowAfter(
  ids: readonly string[],
  active: string | null,
  key: string,
): string | null {
  const at = active === null ? -1 : ids.indexOf(active);
  const last = ids.length - 1;
  const next = {
    ArrowDown: at + 1,
    // From outside the list both arrows lead to its nearer end.
    ArrowUp: at < 0 ? last : at - 1,
    Home: 0,
    End: last,
  }[key];
  if (next === undefined) return null;
  return ids[Math.min(Math.max(next, 0), last)] ?? null;
}

/** The row to go on from when these are gone: the first below the active one, else above it. */
export function rowInstead(
  ids: readonly string[],
  active: string | null,
  gone: ReadonlySet<string>,
): string | null {
  const at = active === null ? ids.length : ids.indexOf(active);
  const below = ids.slice(at).find((id) => !gone.has(id));
  const above = ids.slice(0, Math.max(at, 0)).reverse();
  return below ?? above.find((id) => !gone.has(id)) ?? null;
}
