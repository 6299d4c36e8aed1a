// Learning rates as functions of the iteration, counted from 0.

/** The learning rate of an iteration. */
export type LearningRate = (iteration: number) => number;

/** Rises linearly over `warmup` iterations, then stays constant. */
export function constantAfterWarmup(peak: number, warmup = 0): LearningRate {
  return (iteration) => peak * Math.min(1, (iteration + 1) / Math.max(1, warmup));
}

/** Rises linearly over `warmup` iterations, then falls along half a cosine to `floor` at `iterations`. */
export function cosineAfterWarmup(peak: number, iterations: number, warmup = 0, floor = 0): LearningRate {
  return (iteration) => {
    if (iteration < warmup) return (peak * (iteration + 1)) / warmup;
    const part = Math.min(1, (iteration - warmup) / Math.max(1, iterations - warmup));
    return floor + (peak - floor) * 0.5 * (1 + Math.cos(Math.PI * part));
  };
}
