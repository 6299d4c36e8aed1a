// @ts-check
// How much memory a process holds together with those that it started, as Linux tells it; elsewhere 0.

import { readFileSync } from 'node:fs';

const PAGE = 4096;

/** @param {number} pid @returns {number} bytes */
export function residentBytes(pid) {
  try {
    const own = PAGE * Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.reduce((sum, child) => sum + residentBytes(child), own);
  } catch {
    return 0; // gone, or another system
  }
}
