// Seconds of processor time, which do not depend on what else the machine does.

/** Runs something, and the seconds that all threads of this process computed meanwhile. */
export async function cpuSeconds<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { value, seconds: (user + system) / 1e6 };
}
