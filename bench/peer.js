// @ts-check
// The other side of a benchmark, PyTorch and diffusers in a process of their own (peer.py), and pairs taken in turns with it.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Starts the peer and waits until it has done its work once.
 *
 * @param {string | undefined} python
 * @param {object} settings
 */
export async function openPeer(python = process.env.STEADYFRAME_PYTHON ?? 'python3', settings) {
  const child = spawn(python, [fileURLToPath(new URL('peer.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** @param {string} line */
  const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`bench: ${python} ended; it needs torch, diffusers, peft and accelerate (--python PATH)`);
    return value;
  };
  console.error(`peer: ${await ask(JSON.stringify(settings))}`);
  return {
    /** Milliseconds of one more pass. */
    run: async () => Number(await ask('run')),
    /** The most memory it has held, in GB; on Linux only. */
    memory: async () => (Number(await ask('memory')) / 2 ** 20).toFixed(2),
    close: () => child.stdin.end(),
  };
}

/**
 * Times of both sides, in milliseconds. Who goes first alternates, so that a drift of the machine's speed favours nobody.
 *
 * @param {number} pairs
 * @param {() => Promise<number>} own
 * @param {() => Promise<number>} peer
 */
export async function inTurns(pairs, own, peer) {
  /** @type {{ own: number[], peer: number[] }} */
  const times = { own: [], peer: [] };
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) times.own.push(await own());
    times.peer.push(await peer());
    if (i % 2 === 1) times.own.push(await own());
  }
  return times;
}
