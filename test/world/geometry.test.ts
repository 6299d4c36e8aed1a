// The geometry of pictures: exact box filters, the rigid road, coverage and depth of polygons.

import { describe, expect, it } from 'vitest';
import { cameraAt } from '../../src/lib/world/layout/camera.js';
import { createPoint } from '../../src/lib/world/layout/pinhole.js';
import { SAMPLES, Visibility } from '../../src/lib/world/layout/visibility.js';
import { band, stripes } from '../../src/lib/world/noise.js';
import { createDrive } from '../../src/lib/world/street/drive.js';
import { layRoad, placeOnRoad } from '../../src/lib/world/street/road.js';
import { buildingAt, buildingsAround } from '../../src/lib/world/street/street.js';

describe('box filters', () => {
  it.each([
    [0.3, 0.1],
    [2.45, 0.7],
    [-1.2, 3.3],
  ])('stripes and bands are means over a pixel: at %f, %f wide', (x, width) => {
    const count = 20_000;
    let striped = 0;
    let banded = 0;
    for (let i = 0; i < count; i++) {
      const at = x + width * ((i + 0.5) / count - 0.5);
      const phase = at - Math.floor(at);
      if (phase >= 0.25 && phase < 0.6) striped++;
      if (at >= -0.5 && at < 0.31) banded++;
    }
    expect(stripes(x, width, 0.25, 0.6)).toBeCloseTo(striped / count, 3);
    expect(band(x, width, -0.5, 0.31)).toBeCloseTo(banded / count, 3);
  });

  it('fade into the mean where the pattern is finer than the pixel', () => {
    expect(stripes(12.34, 1000, 0.25, 0.6)).toBeCloseTo(0.35, 3);
  });
});

describe('the road', () => {
  it('is one rigid thing, from wherever it is laid', () => {
    const drive = createDrive(2, { course: 'winding' });
    const places = [
      [12, -4],
      [20, 0],
      [47.3, 6],
    ];
    const seen = [0, 0.4, 1.7].map((t) => {
      const camera = cameraAt(drive, t);
      const road = layRoad(drive.bends, camera, 14, 120);
      return places.map(([s, d]) => placeOnRoad(road, drive.start + s, d));
    });
    const distances = seen.map((points) =>
      points.map((p, i) => Math.hypot(p.x - points[(i + 1) % 3].x, p.z - points[(i + 1) % 3].z)),
    );
    for (const later of distances.slice(1)) {
      later.forEach((distance, i) => {
        expect(distance).toBeCloseTo(distances[0][i], 4);
      });
    }
    // And the camera is at its stated position.
    const camera = cameraAt(drive, 0.4);
    const here = placeOnRoad(layRoad(drive.bends, camera, 14, 120), camera.s, camera.d);
    // The part between two stations is straight: at most 3 cm off the curve.
    expect(Math.hypot(here.x, here.z)).toBeLessThan(0.03);
  });

  it('has the same buildings whatever stretch of it is asked for, side by side without gaps but for cross streets', () => {
    const drive = createDrive(4);
    const wide = buildingsAround(drive, 0, 400);
    for (const building of buildingsAround(drive, 100, 160)) expect(wide).toContainEqual(building);
    for (let lot = 1; lot < 6; lot++) expect(buildingAt(drive, 1, lot)?.to).toBe(buildingAt(drive, 1, lot + 1)?.from);
    expect(buildingAt(drive, -1, 7)).toBeUndefined();
  });
});

describe('Visibility', () => {
  const pinhole = { width: 32, height: 32, focal: 32, centreX: 16, horizon: 16 };
  const square = (view: Visibility<string>, half: number, z: number, name: string) => {
    const corners = [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ].map(([x, y]) => [half * x, half * y, z, x, y] as const);
    view.draw(corners, name);
  };

  it('covers as many samples as the polygon has area, and keeps the nearest', () => {
    const view = new Visibility<string>(pinhole);
    square(view, 1, 4, 'near');
    square(view, 2, 5, 'far');
    const count = (name: string) => view.seen.filter((i) => i >= 0 && view.surfaces[i] === name).length;
    // Sides of 2 f / z = 16 and 25.6 pixels.
    expect(count('near')).toBe(16 * 16 * SAMPLES);
    expect(Math.abs(count('far') - (25.6 ** 2 - 16 ** 2) * SAMPLES)).toBeLessThan(30);
    const hidden = new Visibility<string>(pinhole);
    square(hidden, 1, 4, 'near');
    square(hidden, 0.5, 6, 'hidden');
    expect(hidden.surfaces).toEqual(['near']);
  });

  it('gives depth and surface coordinates in perspective, with their change over a pixel', () => {
    const view = new Visibility<string>(pinhole);
    // Ground 2 m below the camera: z = 2 f / (y - horizon), u = x, v = z.
    const corners = [
      [-10, 1],
      [10, 1],
      [10, 50],
      [-10, 50],
    ].map(([x, z]) => [x, -2, z, x, z] as const);
    view.draw(corners, 'ground');
    const point = { ...createPoint(), x: 20, y: 24, polygon: 0 };
    view.locate(point);
    const depth = (2 * 32) / 8;
    expect(point.z).toBeCloseTo(depth, 9);
    expect(point.v).toBeCloseTo(depth, 9);
    expect(point.u).toBeCloseTo(((20 - 16) / 32) * depth, 9);
    // dz/dy = z / (y - horizon) = 1; du = dx/dx + |dx/dy| = z / f + u / 8.
    expect(point.dv).toBeCloseTo(1, 9);
    expect(point.du).toBeCloseTo(depth / 32 + point.u / 8, 9);
  });

  it('cuts off what lies behind the camera', () => {
    const view = new Visibility<string>(pinhole);
    const corners = [
      [-1, -5],
      [1, -5],
      [1, 20],
      [-1, 20],
    ].map(([x, z]) => [x, -1, z, x, z] as const);
    view.draw(corners, 'ground');
    const rows = [...view.seen.keys()].filter((i) => view.seen[i] >= 0).map((i) => Math.floor(i / 32 / SAMPLES));
    // It ends 20 m away, f / 20 below the horizon, and extends out of the picture below.
    expect(Math.min(...rows)).toBe(Math.floor(16 + 32 / 20));
    expect(Math.max(...rows)).toBe(31);
  });
});
