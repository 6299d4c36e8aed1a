// Lamps, trees and people as flat shapes that face the camera.

import { light, type Rgb, scale } from '../colour.js';
import { hashUnit } from '../noise.js';
import { KIND, type Surface, surface } from '../shading/surface.js';
import { LAMP_ARM, LAMP_HEIGHT, LAMP_STEP, lampPlace, peopleBetween, treesBetween } from '../street/slots.js';
import { card, FAR, polygon, type RoadPlace, rectangle, type Stage } from '../street/stage.js';

const METAL = light('#3c4043');
const BARK = light('#5b4a3a');
const CLOTHES = ['#31415f', '#7a2f35', '#2f3133', '#c8b48a', '#4f6b4a', '#8a8f98', '#b5552f'].map(light);
const SKIN = ['#d9a783', '#8a5a3c', '#efc9a6'].map(light);
const SIDES = [-1, 1] as const;

/** Street lamps on both sides, poles at the kerb and arms over the road. */
export function layLamps(stage: Stage): void {
  const { drive, pose } = stage;
  for (const side of SIDES) {
    const d = side * (drive.halfRoad + 0.45);
    const first = Math.floor(pose.s / LAMP_STEP) - 1;
    for (let slot = first; lampPlace(side, slot) < pose.s + FAR - 10; slot++) {
      const s = lampPlace(side, slot);
      const group = 300000 + 2 * slot + (side > 0 ? 1 : 0);
      const pole = surface(KIND.metal, group, METAL, { nz: -1, ny: 0 });
      card(stage, [s, d, 0], rectangle(-0.07, 0.07, 0, LAMP_HEIGHT), pole);
      const end = d - side * LAMP_ARM;
      const metal = surface(KIND.metal, group, METAL, { ny: 0.3 });
      const bar = ([d0, d1]: readonly number[], [low, high]: readonly number[], made: Surface) => {
        const corners = [
          [s, d0, low, 0, 0],
          [s, d1, low, 1, 0],
          [s, d1, high, 1, 1],
          [s, d0, high, 0, 1],
        ] as const;
        polygon(stage, corners, made);
      };
      bar([d, end + side * 0.35], [LAMP_HEIGHT - 0.05, LAMP_HEIGHT + 0.07], metal);
      const lamp = surface(KIND.lamp, group, METAL);
      bar([end - side * 0.35, end + side * 0.35], [LAMP_HEIGHT - 0.16, LAMP_HEIGHT + 0.06], lamp);
    }
  }
}

/** Rows of trees along both kerbs: a trunk and a crown of a few round masses. */
export function layTrees(stage: Stage): void {
  const { drive, pose } = stage;
  for (const side of SIDES) {
    const d = side * (drive.halfRoad + 0.9);
    for (const { s, height, radius, seed } of treesBetween(drive, side, { from: pose.s, to: pose.s + FAR - 10 })) {
      const group = 400000 + seed;
      card(stage, [s, d, 0], rectangle(-0.13, 0.13, 0, height), surface(KIND.trunk, group, BARK, { nz: -1, ny: 0 }));
      const colour = leafColour(drive.autumn, hashUnit(seed, 90, drive.seed));
      for (let i = 0; i < 6; i++) {
        const die = (n: number) => hashUnit(seed, 91 + 3 * i + n, drive.seed);
        const angle = 2 * Math.PI * (i / 5 + 0.12 * die(0));
        const away = i === 0 ? 0 : 0.62 * radius;
        const size = radius * (i === 0 ? 0.8 : 0.5 + 0.2 * die(1));
        const made = surface(KIND.leaves, group, colour, { seed: (seed + i) & 1023, nz: -1, ny: 0 });
        const x = away * Math.cos(angle);
        const y = 0.75 * away * Math.sin(angle) + 0.1 * radius;
        card(stage, [s - 0.1 * i, d, height], blob(x, y, size, seed + i), made);
      }
    }
  }
}

/** People on the pavements. */
export function layPeople(stage: Stage): void {
  const { drive, pose, t } = stage;
  for (const side of SIDES) {
    for (const person of peopleBetween(drive, side, { from: pose.s + 2, to: pose.s + FAR - 10 }, t)) {
      const { height, stride, seed } = person;
      const place: RoadPlace = [person.s, side * (drive.halfRoad + person.inside), 0];
      const group = 500000 + (seed & 4095);
      const die = (n: number) => hashUnit(seed, 80 + n, drive.seed);
      const pick = (colours: readonly Rgb[], n: number) => colours[Math.floor(colours.length * die(n))];
      const made = (colour: Rgb) => surface(KIND.cloth, group, colour, { nz: -0.8, ny: 0.4 });
      const h = height;
      const trousers = scale(pick(CLOTHES, 0), 0.6);
      const step = 0.16 * stride;
      for (const way of [-1, 1]) {
        const leg = [0.04 * way - 0.08 + way * step, 0, 0.04 * way + 0.08 + way * step, 0];
        card(stage, place, [...leg, 0.1, 0.5 * h, -0.1, 0.5 * h], made(trousers));
      }
      const coat = [-0.17, 0.44 * h, 0.17, 0.44 * h, 0.21, 0.78 * h, 0.1, 0.84 * h, -0.1, 0.84 * h, -0.21, 0.78 * h];
      card(stage, place, coat, made(pick(CLOTHES, 1)));
      const head: number[] = [];
      for (let i = 0; i < 8; i++) {
        head.push(0.105 * Math.cos((i * Math.PI) / 4), 0.92 * h + 0.13 * Math.sin((i * Math.PI) / 4));
      }
      card(stage, place, head, made(pick(SKIN, 2)));
    }
  }
}

function leafColour(autumn: number, die: number): Rgb {
  const green = light(die < 0.5 ? '#4f7a38' : '#5d8a3f');
  const gold = light(die < 0.3 ? '#c8602a' : die < 0.7 ? '#d19a32' : '#a8842f');
  const share = autumn > 0.4 ? autumn : 0;
  return [0, 1, 2].map((c) => green[c] + (gold[c] - green[c]) * share) as unknown as Rgb;
}

/** A ragged round outline. */
function blob(x: number, y: number, radius: number, seed: number): number[] {
  const outline: number[] = [];
  for (let i = 0; i < 12; i++) {
    const angle = (i * Math.PI) / 6;
    const r = radius * (0.86 + 0.28 * hashUnit(seed, i, 5));
    outline.push(x + r * Math.cos(angle), y + 0.9 * r * Math.sin(angle));
  }
  return outline;
}
