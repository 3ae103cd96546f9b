/** Pictures to train on, drawn here: one shape, filled or as an outline, any size, place, turn and colour, on an uneven ground with noise. */
import { random } from '../training/random.mjs';

export const classes = ['nothing', 'circle', 'square', 'triangle', 'star', 'cross'];
export const SIDE = 32;

const between = (low, high) => low + (high - low) * random();

/** Corners of a polygon around the origin, largest distance 1. */
function corners(name) {
  const at = (turn, radius = 1) => [radius * Math.cos(2 * Math.PI * turn), radius * Math.sin(2 * Math.PI * turn)];
  if (name === 'square') return [0, 1, 2, 3].map((i) => at(i / 4));
  if (name === 'triangle') return [0, 1, 2].map((i) => at(i / 3));
  if (name === 'star') return Array.from({ length: 10 }, (_, i) => at(i / 10, i % 2 ? 0.42 : 1));
  const arm = 0.28;
  const points = [
    [1, arm],
    [arm, arm],
    [arm, 1],
    [-arm, 1],
    [-arm, arm],
    [-1, arm],
    [-1, -arm],
    [-arm, -arm],
    [-arm, -1],
    [arm, -1],
    [arm, -arm],
    [1, -arm],
  ];
  return points.map(([x, y]) => [x / Math.hypot(1, arm), y / Math.hypot(1, arm)]);
}

/** Even-odd rule. */
function isInside(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function insideOf(name) {
  if (name === 'circle') return (x, y) => x * x + y * y < 1;
  if (name === 'nothing') return () => false;
  const polygon = corners(name);
  return (x, y) => isInside(polygon, x, y);
}

/** @returns RGB bytes [SIDE, SIDE, 3] */
export function drawShape(label) {
  const contains = insideOf(classes[label]);
  const radius = between(8, 14);
  const [cx, cy] = [between(radius, SIDE - radius), between(radius, SIDE - radius)];
  const turn = between(0, 2 * Math.PI);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const thickness = random() < 0.4 ? between(0.25, 0.4) : 1;
  const ground = [between(0, 255), between(0, 255), between(0, 255)];
  let ink = ground;
  // A shape that nobody could see teaches nothing.
  while (Math.hypot(...ink.map((value, c) => value - ground[c])) < 120) ink = [between(0, 255), between(0, 255), between(0, 255)];
  const slope = [between(-1.5, 1.5), between(-1.5, 1.5)];
  const noise = between(0, 14);
  const pixels = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let covered = 0;
      for (const [dx, dy] of [
        [0.25, 0.25],
        [0.75, 0.25],
        [0.25, 0.75],
        [0.75, 0.75],
      ]) {
        const [px, py] = [(x + dx - cx) / radius, (y + dy - cy) / radius];
        const [u, v] = [px * cos + py * sin, py * cos - px * sin];
        if (contains(u, v) && !(thickness < 1 && contains(u / (1 - thickness), v / (1 - thickness)))) covered += 0.25;
      }
      for (let c = 0; c < 3; c++) {
        const light = slope[0] * (x - SIDE / 2) + slope[1] * (y - SIDE / 2) + noise * (random() + random() + random() - 1.5);
        pixels[(y * SIDE + x) * 3 + c] = Math.min(255, Math.max(0, ground[c] * (1 - covered) + ink[c] * covered + light));
      }
    }
  }
  return pixels;
}
