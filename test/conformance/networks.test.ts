/** Published network topologies with constant weights (onnx/onnx, light): import, passes and plan; their size is the test. */
import { expect, test } from 'vitest';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { loadOnnx } from '../../compiler/onnx/load.ts';
import { defaultPasses } from '../../compiler/passes/index.ts';
import { runPasses } from '../../compiler/passes/pass.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import { verify } from '../../compiler/verify.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const networks = [
  'bvlc_alexnet',
  'densenet121',
  'inception_v1',
  'inception_v2',
  'resnet50',
  'shufflenet',
  'squeezenet',
  'vgg19',
  'zfnet512',
];

function plan(name: string): number {
  const { model } = loadOnnx(sharedData(`onnx-conformance/${name}.onnx`));
  return planExecution(runPasses(verify(importOnnx(model, { name }), 'import'), defaultPasses)).steps.length;
}

describeWithSharedData('ONNX networks', () => {
  test.for(networks)('%s is imported and planned', (network) => {
    expect(plan(`light/light_${network}`)).toBeGreaterThan(0);
  });
});
