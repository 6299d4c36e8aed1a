import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BUILT_MODULES, builtModules } from './test/built-modules.js';
import { SlowFirst } from './test/slow-first.js';

/** Tests of numbers: graphs are optimized, as users run them. In TOGETHER they are not, because that takes longer than to run them. */
const EXACT = ['test/{diffusion,engine,graph,reference}/**/*.test.ts'];

/** Tests on WebGPU. Where a machine has Chromium, its software Vulkan driver stands in for a graphics card. */
const GPU = ['test/gpu/**/*.test.ts'];
const CHROMIUM = '/usr/lib/chromium';
const DRIVER = `${CHROMIUM}/vk_swiftshader_icd.json`;
const hasDriver = existsSync(DRIVER) && process.env.VK_DRIVER_FILES === undefined;
const gpu = hasDriver ? { VK_DRIVER_FILES: DRIVER, VK_ICD_FILENAMES: DRIVER, LD_LIBRARY_PATH: CHROMIUM } : {};

const testFiles = (places: readonly string[]): string[] =>
  places.map((place) => (place.includes('/') ? `test/${place}.test.ts` : `test/${place}/**/*.test.ts`));

/**
 * Folders, and files of others, whose tests leave nothing behind in a process that another file could find there. By
 * projects: a process serves one, and grows with each file, while programs are started from a large one slowly (2 ms from
 * 10 MB, 30 from 300, 66 from 800).
 */
const TOGETHER = {
  commands: testFiles(['cli', 'recipe', 'steady']),
  // shots.test.ts replaces a module, which works only where nothing has loaded it before.
  work: testFiles(['consistency', 'edits', 'experiments', 'renderings/!(shots)', 'sweeps', 'training']),
  parts: testFiles([
    ...['conditions', 'metrics', 'models', 'report', 'settings', 'tensor', 'world'],
    'base/{assert,atomic-file,folder-lock,given,hash,on-abort,progress,random,record-journal,results-folder}',
    'notebook/show',
    'project/{imports,lock,messages,parameters,repository,scripts}',
    'tracking/{bad-entries,cli,filter,git-state,hostile-names,retry,run}',
    'ui/{access,assets,list-view,server,sweep-page}',
    'video/{dis,estimate-flow,flow,frame-times,geometry,grid,metadata,open-for-model,open-map,open-video,pictures-in}',
    'video/{shot-name,video-input,warp,write-video}',
  ]),
};

/** To open sessions takes longer than what tests compute in them. */
const KEPT = { STEADYFRAME_TEST_IDLE_SESSIONS: '30' };
const QUICK = { ...KEPT, STEADYFRAME_TEST_UNOPTIMIZED: '1' };

/** Files that load modules anew or replace them, which only vitest's own loader allows. */
const RELOADING = testFiles(['base/stop-point', 'renderings/shots', 'tracking/many-runs']);

// `npm test` has compiled `src` just before; `npx vitest` takes the sources as they are.
const plugins = process.env.STEADYFRAME_TEST_BUILT ? [builtModules] : [];

export default defineConfig({
  test: {
    // For what hangs, not for what is slow: on a busy machine the longest tests take ten times as long as on an idle one.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    // Processes, because native sessions crash worker threads on their way out. Twice as many as a small machine has cores,
    // since files wait for programs that they have started: with three, two cores were idle for a sixth of the time.
    pool: 'forks',
    maxWorkers: 4,
    server: { deps: { external: [BUILT_MODULES] } },
    sequence: { sequencer: SlowFirst },
    globalSetup: 'test/surroundings.ts',
    projects: [
      // One process for many files, which load the library once.
      { extends: true, plugins, test: { name: 'exact', include: EXACT, isolate: false, env: KEPT } },
      { extends: true, plugins, test: { name: 'gpu', include: GPU, env: gpu } },
      ...Object.entries(TOGETHER).map(([name, include]) => ({
        extends: true as const,
        plugins,
        test: { name, include, isolate: false, env: QUICK },
      })),
      // A fresh process for each file: what it leaves behind (servers, caches of what is on the machine, variables) is gone.
      {
        extends: true,
        plugins,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...EXACT, ...GPU, ...Object.values(TOGETHER).flat(), ...RELOADING],
        },
      },
      { extends: true, test: { name: 'reloading', include: RELOADING } },
    ],
  },
});
