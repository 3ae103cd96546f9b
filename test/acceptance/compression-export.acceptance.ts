/** ONNX's backend tests once more: imported, optimized, written back as ONNX, and run by ONNX Runtime. */
import { expect, test } from 'vitest';
import { UnsupportedModelError } from '../../compiler/errors.ts';
import { type Tensor, type TypedArray, valueOf } from '../../compiler/graph.ts';
import { runExported } from '../compiler/onnx/run-exported.ts';
import { caseNames, loadCase, loadModel, outOfScope } from '../conformance/case.ts';
import { outdated } from '../conformance/expectations.ts';
import { compileFrozen, difference, fromPort, toPort } from '../conformance/judge.ts';
import { describeWithSharedData } from '../shared-data.ts';

describeWithSharedData('the ONNX cases, written back', () => {
  const old = new Set(Object.values(outdated).flat());
  const names = caseNames().filter((name) => outOfScope(loadModel(name)) === undefined && !old.has(name));

  test('give the expected outputs in ONNX Runtime', async () => {
    const failures: string[] = [];
    let compared = 0;
    for (const name of names) {
      try {
        const conformanceCase = loadCase(name, loadModel(name));
        const graph = compileFrozen(conformanceCase);
        const given = new Map(conformanceCase.inputs.map((input) => [input.name, input]));
        const inputs = graph.inputs.map((port) => toPort(given.get(port.name)!, port, valueOf(graph, port.value)) as TypedArray);
        const outputs = await runExported(graph, inputs);
        graph.outputs.forEach((port, i) => {
          const { tensor, dtype } = conformanceCase.outputs[i]!;
          const reason = difference(fromPort(outputs[i] as Tensor, port, valueOf(graph, port.value), dtype), tensor);
          if (reason) failures.push(`${name}: ${reason}`);
        });
        compared++;
      } catch (error) {
        if (!(error instanceof UnsupportedModelError)) failures.push(`${name}: ${(error as Error).message.split('\n')[0]}`);
      }
    }
    expect(failures).toEqual([]);
    expect(compared).toBeGreaterThan(400);
  });
});
