// Ids for elements that refer to one another: several views, and several copies of this bundle,
// may live on one page, so a counter would repeat itself.

import { useState } from "preact/hooks";

export function useId(): string {
  const [id] = useState(createId);
  return id;
}

function createId(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `sam-${Array.from(random, (part) => part.toString(36)).join("")}`;
}
