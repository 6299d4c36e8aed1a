// @ts-check
// Synchronizes several videos of the same length: one of them leads, the others follow by slightly changed speed, and by a
// jump if they are far off. When paused, all show exactly the same frame. It does not depend on the page.

/**
 * @typedef {{
 *   readonly frame: number,
 *   readonly playing: boolean,
 *   show(videos: readonly HTMLVideoElement[]): void,
 *   play(): Promise<void>,
 *   pause(): void,
 *   seek(frame: number): void,
 *   setSpeed(speed: number): void,
 *   setLoop(loop: boolean): void,
 * }} VideoSync
 */

/** Beyond this number of seconds and frames, a follower jumps to the leader. */
const JUMP = { seconds: 0.12, frames: 1.5 };
/** A follower that is d seconds ahead plays slower by this share times d: it is synchronized within half a second. */
const PULL = 4;
/** Maximum deviation of a follower's speed, as a share. */
const LARGEST_PULL = 0.3;

/**
 * Creates the synchronization of videos.
 *
 * @param {{ frameRate: number, frames: number, onChange: () => void }} options
 * @returns {VideoSync}
 */
export function createVideoSync({ frameRate, frames, onChange }) {
  /** @type {readonly HTMLVideoElement[]} */
  let videos = [];
  let frame = 0;
  let speed = 1;
  let loop = true;
  let playing = false;
  /** Counts starts and stops; earlier work is out of date. */
  let turn = 0;

  // The middle of a frame: after rounding, its edges may belong to either of two.
  const timeOf = (/** @type {number} */ f) => (f + 0.5) / frameRate;
  const frameAt = (/** @type {number} */ time) =>
    Math.min(frames - 1, Math.max(0, Math.floor(time * frameRate + 1e-3)));

  /** The next seek of each video after its current one. @type {WeakMap<HTMLVideoElement, number>} */
  const next = new WeakMap();

  /** @param {HTMLVideoElement} video @param {number} time */
  function seekVideo(video, time) {
    if (video.readyState === 0 || video.seeking) {
      // Dragging requests more frames than can be decoded: only the latest request is kept.
      if (!next.has(video)) {
        const again = () => {
          const wish = next.get(video);
          next.delete(video);
          if (wish !== undefined) seekVideo(video, wish);
        };
        video.addEventListener(video.readyState === 0 ? 'loadeddata' : 'seeked', again, { once: true });
      }
      next.set(video, time);
    } else if (Math.abs(video.currentTime - time) > 1e-4) video.currentTime = time;
  }

  /** @param {number} f */
  function seekAll(f) {
    for (const video of videos) seekVideo(video, timeOf(f));
  }

  /** Resolves when no video is seeking, or after a second. */
  function settled() {
    const waits = videos.map(
      (video) =>
        new Promise((resolve) => {
          const check = () => {
            if (!video.seeking && !next.has(video)) resolve(undefined);
            else video.addEventListener('seeked', () => setTimeout(check), { once: true });
          };
          check();
        }),
    );
    return Promise.race([Promise.all(waits), new Promise((resolve) => setTimeout(resolve, 1000))]);
  }

  /** Starts all videos at the shown frame. */
  async function start() {
    const mine = ++turn;
    seekAll(frame);
    await settled();
    if (mine !== turn) return;
    for (const video of videos) {
      next.delete(video); // slower videos catch up while playing
      video.playbackRate = speed;
    }
    await Promise.all(videos.map((video) => video.play().catch(() => {})));
    if (mine === turn) requestAnimationFrame(() => tick(mine));
  }

  /** @param {number} mine */
  function tick(mine) {
    if (mine !== turn || !playing) return;
    const leader = videos[0];
    if (!leader) return stop();
    const now = frameAt(leader.currentTime);
    const over = leader.ended || leader.currentTime >= (frames - 0.1) / frameRate;
    if (now !== frame) {
      frame = now;
      onChange();
    }
    if (over) return finish();
    if (now < frames - 2 && videos.some((video) => video.readyState < 3 && !video.ended && !video.seeking))
      return wait();
    for (const video of videos.slice(1)) follow(video, leader);
    requestAnimationFrame(() => tick(mine));
  }

  /** @param {HTMLVideoElement} video @param {HTMLVideoElement} leader */
  function follow(video, leader) {
    if (video.seeking || video.ended) return;
    const ahead = video.currentTime - leader.currentTime;
    if (Math.abs(ahead) > Math.max(JUMP.seconds, JUMP.frames / frameRate)) {
      video.currentTime = leader.currentTime + 0.03 * speed; // the approximate duration of a jump
      return;
    }
    const pull = Math.abs(ahead) < 0.003 ? 0 : Math.max(-LARGEST_PULL, Math.min(LARGEST_PULL, ahead * PULL));
    const rate = speed * (1 - pull);
    if (Math.abs(video.playbackRate - rate) > 0.005 * speed) video.playbackRate = rate;
  }

  /** If one video has no data yet, all wait for it. */
  function wait() {
    const mine = ++turn;
    for (const video of videos) video.pause();
    const look = () => {
      if (mine !== turn || !playing) return;
      if (videos.every((video) => video.readyState >= 3 || video.ended)) start();
      else setTimeout(look, 50);
    };
    look();
  }

  function finish() {
    if (!loop) {
      frame = frames - 1;
      return stop();
    }
    for (const video of videos) video.pause();
    frame = 0;
    onChange();
    start();
  }

  function stop() {
    turn++;
    playing = false;
    for (const video of videos) video.pause();
    seekAll(frame);
    onChange();
  }

  return {
    get frame() {
      return frame;
    },
    get playing() {
      return playing;
    },
    show(chosen) {
      for (const video of videos) if (!chosen.includes(video)) video.pause();
      videos = chosen;
      if (playing) start();
      else seekAll(frame);
    },
    async play() {
      if (playing || videos.length === 0) return;
      if (frame >= frames - 1) frame = 0;
      playing = true;
      onChange();
      await start();
    },
    pause() {
      if (!playing) return;
      if (videos[0]) frame = frameAt(videos[0].currentTime);
      stop();
    },
    seek(wanted) {
      frame = Math.min(frames - 1, Math.max(0, Math.round(wanted)));
      onChange();
      if (playing) start();
      else seekAll(frame);
    },
    setSpeed(wanted) {
      speed = wanted;
      for (const video of videos) video.playbackRate = speed;
    },
    setLoop(wanted) {
      loop = wanted;
    },
  };
}
