// The entries of an object that were given, so that defaults fill the others.

/** `T` without `undefined` as a value: entries that allow it are optional instead. */
export type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The entries of `values` that are not `undefined`, in their order; `null`, `false`, 0 and empty texts stay. */
export function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
