/* Plays the films of a pair in step. A film is a grid of its frames; canvases show one cell of it at a time. */

const KEYS_SHOWN_MS = 600; // how long the first and the last drawing stand
const SLOW = 4; // times slower

/** @param {string} token @returns {Promise<HTMLImageElement>} */
async function loadFilm(token) {
  const image = new Image();
  image.src = `${study.folder}/${token}${study.suffix}`;
  try {
    await image.decode();
  } catch {
    throw new Error(`The animation ${image.src} cannot be shown. Is the folder complete?`);
  }
  return image;
}

/** Draw one frame of a film, at the film's own size. */
function drawFrame(canvas, image, clip, frame) {
  if (canvas.width !== clip.width || canvas.height !== clip.height) {
    canvas.width = clip.width;
    canvas.height = clip.height;
    canvas.style.aspectRatio = `${clip.width} / ${clip.height}`;
  }
  const x = (frame % clip.columns) * clip.width, y = Math.floor(frame / clip.columns) * clip.height;
  canvas.getContext("2d").drawImage(image, x, y, clip.width, clip.height, 0, 0, clip.width, clip.height);
}

class Player {
  /** @param {HTMLCanvasElement[]} canvases play in step @param {() => void} onEnd is told each time the last drawing has stood */
  constructor(canvases, onEnd) {
    this.canvases = canvases;
    this.onEnd = onEnd;
    this.films = [];
    this.clip = null;
    this.slow = false;
    this.playing = false;
    this.loops = false;
    this.at = 0; // milliseconds of the film at its own speed
    this.shown = -1;
  }

  /** Show the first drawing of other films. */
  load(clip, films) {
    this.clip = clip;
    this.films = films;
    this.rewind();
  }

  unload() {
    this.films = [];
    this.playing = false;
  }

  rewind() {
    this.at = 0;
    this.shown = -1;
    this.draw(0);
  }

  get length() {
    return 2 * KEYS_SHOWN_MS + ((this.clip.count - 2) * 1000) / study.fps;
  }

  get frame() {
    const between = Math.floor(((this.at - KEYS_SHOWN_MS) * study.fps) / 1000);
    return this.at < KEYS_SHOWN_MS ? 0 : Math.min(this.clip.count - 1, 1 + between);
  }

  /** Go on by a time. */
  step(milliseconds) {
    if (!this.playing || !this.films.length) return;
    this.at += milliseconds / (this.slow ? SLOW : 1);
    if (this.at >= this.length) {
      this.onEnd();
      if (this.loops) this.at %= this.length;
      else {
        this.at = this.length;
        this.playing = false;
      }
    }
    this.draw(this.frame);
  }

  draw(frame) {
    if (frame === this.shown) return;
    this.shown = frame;
    this.films.forEach((film, number) => drawFrame(this.canvases[number], film, this.clip, frame));
  }
}
