/**
 * What CMSIS-NN (git 99f736a6, gcc 12 -O3) takes for layers of these shapes, in instructions under `-icount shift=0`:
 * ../shared/design/microcontrollers.md, sections 2 and 5. For the Cortex-M3 that page gives ratios to a scalar build, whose
 * instructions are the same on an M3 and an M4: the figures here are those counts divided by the ratios.
 */
import type { LayerCount } from './count-instructions.ts';

interface LayerFigures {
  readonly model: string;
  /** Names of the layers of this shape. */
  readonly layers: readonly string[];
  readonly shape: string;
  readonly instructions: { readonly 'cortex-m3': number; readonly 'cortex-m4': number; readonly 'cortex-m55'?: number };
}

export const cmsisNnFigures: readonly LayerFigures[] = [
  {
    model: 'ResNet-8',
    layers: ['conv2d_7'],
    shape: 'conv 3x3 8x8x64->64',
    instructions: { 'cortex-m3': 6_652_437 / 1.06, 'cortex-m4': 4_155_299, 'cortex-m55': 485_375 },
  },
  {
    model: 'ResNet-8',
    layers: ['conv2d'],
    shape: 'conv 3x3 32x32x3->16',
    instructions: { 'cortex-m3': 2_051_401 / 0.85, 'cortex-m4': 2_134_142, 'cortex-m55': 599_468 },
  },
  {
    model: 'DS-CNN',
    layers: ['conv_2d_1'],
    shape: 'conv 10x4 49x10x1->64',
    instructions: { 'cortex-m3': 1_226_525 / 0.9, 'cortex-m4': 1_111_183, 'cortex-m55': 289_031 },
  },
  {
    model: 'DS-CNN',
    layers: ['depthwise_conv_2d_2', 'depthwise_conv_2d_4', 'depthwise_conv_2d_6', 'depthwise_conv_2d_8'],
    shape: 'depthwise 3x3 25x5x64',
    instructions: { 'cortex-m3': 619_352 / 0.91, 'cortex-m4': 599_622, 'cortex-m55': 166_875 },
  },
  {
    model: 'DS-CNN',
    layers: ['conv_2d_3', 'conv_2d_5', 'conv_2d_7', 'conv_2d_9'],
    shape: 'conv 1x1 25x5x64->64',
    instructions: { 'cortex-m3': 1_654_510 / 1.04, 'cortex-m4': 1_068_932, 'cortex-m55': 202_906 },
  },
  {
    model: 'AD autoencoder',
    layers: ['dense'],
    shape: 'fully connected 640->128',
    instructions: { 'cortex-m3': 312_171 / 1.11, 'cortex-m4': 160_058, 'cortex-m55': 40_187 },
  },
  {
    model: 'DS-CNN',
    layers: ['fully_connected_12'],
    shape: 'fully connected 64->12',
    instructions: { 'cortex-m3': 3_385 / 1.08, 'cortex-m4': 2_182 },
  },
];

/** How many times CMSIS-NN's instructions a layer may take (issue 4). */
export const allowedRatio = { 'cortex-m3': 1.05, 'cortex-m4': 1, 'cortex-m55': 1 } as const;

export interface Comparison {
  readonly layer: string;
  readonly shape: string;
  readonly instructions: number;
  readonly cmsisNn: number;
}

/** The layers of a model that there are figures for on this core. */
export function compareWithCmsisNn(core: string, model: string, layers: readonly LayerCount[]): Comparison[] {
  const isKnown = (name: string): name is keyof typeof allowedRatio => name in allowedRatio;
  if (!isKnown(core)) return [];
  return cmsisNnFigures.flatMap(({ model: of, layers: names, shape, instructions: figures }) => {
    const cmsisNn = figures[core];
    if (of !== model || cmsisNn === undefined) return [];
    return names.map((layer) => {
      const counted = layers.find(({ name }) => name === layer);
      if (!counted) throw new Error(`${model} has no layer "${layer}" (${shape}); it has ${layers.map(({ name }) => name).join(', ')}`);
      return { layer, shape, instructions: counted.instructions, cmsisNn };
    });
  });
}
