// The arithmetic of charts. It stands in a script of the pages, since a browser has no library, and is the library's too.

export { linearTicks, logTicks, runningMean, tickStep } from '../../../assets/ui/chart-math.js';
