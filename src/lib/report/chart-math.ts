// The arithmetic of charts, shared with the scripts of pages: its source is one of them.

export { linearTicks, logTicks, runningMean, tickStep } from '../../../assets/ui/chart-math.js';
