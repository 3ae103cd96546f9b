/** The examples as a visitor uses them: a digit drawn with the mouse, a shape in front of the camera, words in the microphone. */
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../compiler/root.ts';
import { CdpBrowser, findChromium } from '../../devices/browser/chromium.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { requireTool } from '../require-tool.ts';

const scratch = scratchFolder();
const { buildExample, serve } = (await import(pathToFileURL(join(packageRoot, 'examples', 'serve.mjs')).href)) as {
  buildExample(name: string): string;
  serve(folder: string): Promise<{ server: Server; url: string }>;
};
const endings: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of endings) await end();
});

/** Opens the example in a Chromium with these flags; `send` speaks the protocol to its tab. */
async function open(name: string, flags: readonly string[] = []) {
  const { server, url } = await serve(buildExample(name));
  const browser = CdpBrowser.launch(findChromium(), flags);
  endings.push(
    () => browser.close(),
    () => server.close(),
  );
  const evaluate = await browser.openPage(url);
  while (!(await evaluate("document.body?.dataset.ready === 'true'").catch(() => false))) await pause();
  const { targetInfos } = (await browser.send('Target.getTargets')) as { targetInfos: { targetId: string; url: string }[] };
  const target = targetInfos.find((info) => info.url === url);
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId: target?.targetId, flatten: true });
  const send = (method: string, params: Record<string, unknown>) => browser.send(method, params, sessionId as string);
  return { evaluate, send };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

/** One second of 160 x 120 video in 4:2:0: a red disc on a grey ground. */
function discVideo(): Buffer {
  const [width, height] = [160, 120];
  const isDisc = (x: number, y: number) => Math.hypot(x - 78, y - 62) < 36;
  const plane = (w: number, h: number, step: number, disc: number, ground: number) =>
    Buffer.from(Array.from({ length: w * h }, (_, i) => (isDisc((i % w) * step, Math.floor(i / w) * step) ? disc : ground)));
  const frame = Buffer.concat([
    Buffer.from('FRAME\n'),
    plane(width, height, 1, 82, 160),
    plane(width / 2, height / 2, 2, 90, 128),
    plane(width / 2, height / 2, 2, 240, 128),
  ]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420\n`), ...Array.from({ length: 10 }, () => frame)]);
}

const fakeMedia = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required'];

describe.skipIf(!requireTool('chromium'))('examples', () => {
  test('drawing: digits drawn with the mouse are read', async () => {
    const { evaluate, send } = await open('drawing');
    const { left, top } = (await evaluate(
      "(({ left, top }) => ({ left, top }))(document.getElementById('canvas').getBoundingClientRect())",
    )) as {
      left: number;
      top: number;
    };
    const mouse = (type: string, [x, y]: readonly number[]) =>
      send('Input.dispatchMouseEvent', {
        type,
        x: left + (x as number),
        y: top + (y as number),
        button: 'left',
        buttons: 1,
        clickCount: 1,
      });
    const circle = Array.from({ length: 25 }, (_, i) => [
      140 + 55 * Math.cos((2 * Math.PI * i) / 24),
      140 + 85 * Math.sin((2 * Math.PI * i) / 24),
    ]);
    const strokes: Record<string, number[][]> = {
      '1': [
        [150, 50],
        [145, 140],
        [140, 230],
      ],
      '7': [
        [80, 70],
        [140, 68],
        [205, 70],
        [170, 140],
        [130, 225],
      ],
      '0': circle,
    };
    for (const [digit, [first = [], ...rest]] of Object.entries(strokes)) {
      await evaluate("document.getElementById('clear').click()");
      await mouse('mousePressed', first);
      for (const point of rest) await mouse('mouseMoved', point);
      await mouse('mouseReleased', rest.at(-1) ?? first);
      while (!(await evaluate("document.getElementById('answer').textContent"))) await pause();
      expect(await evaluate("document.getElementById('answer').textContent")).toBe(digit);
    }
  });

  test('camera: a disc is a circle', async () => {
    const video = scratch.path('disc.y4m');
    writeFileSync(video, discVideo());
    const { evaluate } = await open('camera', [...fakeMedia, `--use-file-for-fake-video-capture=${video}`]);
    await evaluate("document.getElementById('start').click()");
    while (!(await evaluate("document.getElementById('timing').textContent"))) await pause();
    expect(await evaluate("document.getElementById('answer').textContent")).toBe('circle');
  });

  test('keywords: the words of a recording are heard, in order', async () => {
    const recording = join(packageRoot, 'examples', 'keywords', 'left-stop-go.wav');
    const { evaluate } = await open('keywords', [...fakeMedia, `--use-file-for-fake-audio-capture=${recording}%noloop`]);
    await evaluate("document.getElementById('start').click()");
    const heard = () => evaluate("[...document.querySelectorAll('#heard li')].map((item) => item.textContent)") as Promise<string[]>;
    const start = Date.now();
    while ((await heard()).length < 3 && Date.now() - start < 20_000) await pause();
    expect(await heard()).toEqual(['left', 'stop', 'go']);
  });
});
