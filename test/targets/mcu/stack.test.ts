import { expect, test } from 'vitest';
import { deepestStack } from '../../../targets/mcu/stack.ts';

/** As gcc 12 writes them. */
const graph = (nodes: readonly [string, number][], edges: readonly [string, string][]) =>
  `graph: { title: "x.c"\n${nodes.map(([name, bytes]) => `node: { title: "${name}" label: "${name}\\nx.c:1:1\\n${bytes} bytes (static)\\n0 dynamic objects" }\n`).join('')}` +
  `${edges.map(([from, to]) => `edge: { sourcename: "${from}" targetname: "${to}" label: "x.c:2:2" }\n`).join('')}node: { title: "memset" label: "__builtin_memset\\n<built-in>" shape : ellipse }\n}\n`;

test('the deepest way counts, over all files', () => {
  const a = graph(
    [
      ['root', 16],
      ['x.c:left', 8],
    ],
    [
      ['root', 'x.c:left'],
      ['root', 'right'],
      ['x.c:left', 'memset'],
    ],
  );
  const b = graph(
    [
      ['right', 24],
      ['leaf', 40],
    ],
    [
      ['right', 'leaf'],
      ['right', 'x.c:left'],
    ],
  );
  expect(deepestStack([a, b], 'root')).toBe(16 + 24 + 40);
});

test('a function that calls itself stands there once per dimension', () => {
  expect(
    deepestStack(
      [
        graph(
          [
            ['root', 16],
            ['walk', 32],
          ],
          [
            ['root', 'walk'],
            ['walk', 'walk'],
          ],
        ),
      ],
      'root',
    ),
  ).toBe(16 + 6 * 32);
});
