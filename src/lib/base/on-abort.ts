// Many listeners on one AbortSignal. Node warns of a leak from the eleventh on, yet a grid of twenty videos has twenty
// ffmpeg processes to stop: so each signal gets one listener, which calls all of them.

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `stop` once when the signal is aborted; never if it is aborted already, or undefined.
 *
 * @returns a function that removes the listener
 */
export function onAbort(signal: AbortSignal | undefined, stop: () => void): () => void {
  if (!signal || signal.aborted) return () => {};
  let stops = listeners.get(signal);
  if (!stops) {
    const all = new Set<() => void>();
    stops = all;
    listeners.set(signal, all);
    signal.addEventListener('abort', () => callAll(all), { once: true });
  }
  const mine = (): void => stop(); // the same function may be given twice
  stops.add(mine);
  return () => stops.delete(mine);
}

function callAll(stops: Set<() => void>): void {
  for (const stop of [...stops]) stop();
  stops.clear();
}
