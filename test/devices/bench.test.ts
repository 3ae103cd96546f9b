/** The document of `whittle bench`: its schema, and the gate on equal bytes. */
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { GateError } from '../../compiler/errors.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import type { Variant } from '../../compiler/root.ts';
import { benchModel } from '../../devices/bench.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { benchReportSchema } from '../../devices/report-schema.ts';
import { buildRuntime } from '../../targets/build-runtime.ts';
import { kernelNeeds } from '../../targets/kernel-needs.ts';
import { smallModel } from '../small-model.ts';

const opened: Device[] = [];
afterAll(() => Promise.all(opened.map((device) => device.close())));

async function node(): Promise<Device> {
  const device = await openDevice('node');
  opened.push(device);
  return device;
}

test('the report is what its schema says', async () => {
  const report = await benchModel(smallModel(), await node(), { maxSeconds: 0.3, minSamples: 5 });
  expect(benchReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  expect(report.meaningful).toBe(!report.warnings.some(({ affects }) => affects.includes('latency')));
  expect(report.compileUs).toBeLessThanOrEqual(report.loadUs);
  const packaged = await buildRuntime(kernelNeeds(readPackedModel(smallModel())), report.variant as Variant);
  expect(report.codeBytes).toBe(packaged.length);
  expect(report.codeGzipBytes).toBe(gzipSync(packaged, { level: 9 }).length);
  expect(report.environment).toMatchObject({ version: process.version, cores: expect.any(Number) });
});

test('the schema is a JSON Schema, too: every field typed, none beside them', () => {
  const schema = z.toJSONSchema(benchReportSchema) as { properties: Record<string, object>; additionalProperties: boolean };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.medianUs).toMatchObject({ type: 'number', minimum: 0, description: 'of one inference' });
});

test('a device that computes other bytes fails the gate, before and after the measurement', async () => {
  let calls = 0;
  const wrongFrom = async (first: number) => {
    const device = await node();
    const infer = device.infer.bind(device);
    device.infer = async (inputs) => {
      const outputs = await infer(inputs);
      if (calls++ >= first) (outputs[0] as Uint8Array)[3] = ((outputs[0] as Uint8Array)[3] as number) ^ 1;
      return outputs;
    };
    return device;
  };
  for (const [first, when] of [
    [0, 'before'],
    [1, 'after'],
  ] as const) {
    calls = 0;
    const run = benchModel(smallModel(), await wrongFrom(first), { maxSeconds: 0.1, minSamples: 2 });
    await expect(run).rejects.toThrow(GateError);
    await expect(run).rejects.toThrow(new RegExp(`node: ${when} the measurement its output .* first different byte 3 of 320`));
  }
});
