// The light from car paint and car windows.

import type { SurfacePoint } from '../layout/pinhole.js';
import { horizonColour, type Lighting, lampLight, type Shade } from '../light/lighting.js';
import { cover } from '../light/snow.js';
import { clamp, smoothstep } from '../noise.js';
import { KIND, type Surface } from './surface.js';

/** Matt colour under a clear coat that mirrors sky and street. */
export function shadePaint(lighting: Lighting, made: Surface, at: SurfacePoint, out: Shade): void {
  const { look, sun, scene } = lighting;
  const { right, up } = at;
  const glass = made.kind === KIND.glass;
  const upright = Math.abs(made.ny) < 0.8;
  const low = upright ? 0.42 + 0.58 * smoothstep(0.2, 0.75, at.v) : 1;
  const car = lighting.car;
  const lamps = car && look.lamps[0] > 0 ? lampLight(lighting, car.s, car.d, 1) : 0;
  const snow = made.ny > 0.7 && !glass ? 0.55 * look.snow : 0;
  cover(out, snow);
  // The headlights of the camera's car fall on surfaces that face the camera.
  const beam = look.headlights * Math.max(0, -made.nz) * 0.55;
  const sky = (0.62 + 0.38 * made.ny) * low;
  const direct = Math.max(0, made.nx * sun[0] + made.ny * sun[1] + made.nz * sun[2]) * lighting.carSun;
  const ground = 0.35 + 0.2 * Math.max(0, made.ny) + 0.4 * lamps;
  out.r *= look.ambient[0] * sky + look.sun[0] * direct + look.lamps[0] * ground * low + look.bounce[0] * 0.3 + beam;
  out.g *= look.ambient[1] * sky + look.sun[1] * direct + look.lamps[1] * ground * low + look.bounce[1] * 0.3 + beam;
  out.b *= look.ambient[2] * sky + look.sun[2] * direct + look.lamps[2] * ground * low + look.bounce[2] * 0.3 + beam;

  const length = Math.sqrt(right * right + up * up + 1);
  const facing = -(right * made.nx + up * made.ny + made.nz) / length;
  const away = clamp(1 - facing, 0, 1);
  const mirror = (glass ? 0.16 : 0.05) + (glass ? 0.6 : 0.45) * away * away * away;
  const rise = up / length + 2 * facing * made.ny;
  const aside = right / length + 2 * facing * made.nx;
  const above = smoothstep(-0.05, 0.25, rise);
  const high = clamp(2 * rise, 0, 1);
  const horizon = horizonColour(look, sun, aside);
  const street = (glass ? 0.3 : 0.2) * (look.ambient[0] + look.ambient[1]);
  const reflect = (k: 0 | 1 | 2) => {
    const skyColour = horizon[k] + (look.zenith[k] - horizon[k]) * high;
    return street * look.asphalt[k] * 2 + (skyColour - street * look.asphalt[k] * 2) * above;
  };
  const clear = 1 - snow;
  out.r += mirror * clear * reflect(0);
  out.g += mirror * clear * reflect(1);
  out.b += mirror * clear * reflect(2);
  if (glass) {
    const cabin = 0.12 * smoothstep(0.9, 1.4, upright ? at.v : 1) * (scene.drive.time === 'night' ? 0.3 : 1);
    out.r += cabin * look.ambient[0];
    out.g += cabin * look.ambient[1];
    out.b += cabin * look.ambient[2];
    out.detail = 1;
  }
}
