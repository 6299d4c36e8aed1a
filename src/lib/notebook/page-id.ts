// Names of elements in outputs, which share the page of the notebook.

let count = 0;

/** A name that no other output has. */
export function pageId(kind: string): string {
  return `steadyframe-${kind}-${Date.now().toString(36)}-${count++}`;
}
