// The metrics that have a value, in the form that a run takes.

/** The defined ones of some numbers, each key with a prefix. */
export function definedMetrics(
  values: Readonly<Record<string, number | null | undefined>>,
  prefix = '',
): Record<string, number> {
  const defined: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) if (value != null) defined[prefix + name] = value;
  return defined;
}
