// Metrics as a run takes them: those that are defined.

/** What is defined of some numbers, each key after a prefix. */
export function definedMetrics(
  values: Readonly<Record<string, number | null | undefined>>,
  prefix = '',
): Record<string, number> {
  const defined: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) if (value != null) defined[prefix + name] = value;
  return defined;
}
