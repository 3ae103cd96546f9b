import { expect, test } from 'vitest';
import { MemoryServer } from '../../../devices/browser/server.ts';

test('a file comes with its length in bytes, whatever it is; what is not there is not found', async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i);
  const server = await MemoryServer.start(
    new Map<string, string | Uint8Array>([
      ['/page.html', 'ä'],
      ['/model.whittle', bytes],
    ]),
  );
  try {
    const page = await fetch(`${server.origin}/page.html`);
    expect([page.headers.get('content-length'), await page.text()]).toEqual(['2', 'ä']);
    const model = await fetch(`${server.origin}/model.whittle?v=1`);
    expect(model.headers.get('content-length')).toBe('300000');
    expect(new Uint8Array(await model.arrayBuffer())).toEqual(bytes);
    const missing = await fetch(`${server.origin}/missing`);
    expect([missing.status, missing.headers.get('content-length')]).toEqual([404, '0']);
  } finally {
    await server.stop();
  }
});
