/** What a recipe made of a model: layer by layer, and stage by stage from the float original to the packed file. */
import type { CompiledModel } from '../compile.ts';
import { byteLength, type Graph, valueOf } from '../graph.ts';
import type { LayerReport, WeightPrecision } from '../report.ts';
import type { CompressedNetwork } from './apply-recipe.ts';
import type { Measurement } from './measure.ts';
import type { LayerOutcome } from './method.ts';
import { layerCosts, networkCost } from './network-cost.ts';

/** One stage of the waterfall. */
export interface Stage {
  readonly stage: string;
  /** Of all constants as this stage stores them; of the whole file for `packed`. */
  readonly bytes: number;
  readonly parameters: number;
  readonly nonzeroParameters: number;
  readonly macs: number;
  /** Against the original; absent without samples. */
  readonly measured?: Measurement;
}

/** What one step did to a layer. */
export type LayerChange = Omit<LayerOutcome, 'layer'> & { readonly method: string };

export interface CompressedLayer {
  readonly layer: string;
  readonly kind: string;
  /** Rows and columns of its matrix. */
  readonly outputs: number;
  readonly columns: number;
  readonly changes: readonly LayerChange[];
  readonly parameters: number;
  readonly nonzeroParameters: number;
  readonly macs: number;
  /** The layer as the original had it; absent for what a factorization added. */
  readonly original?: { readonly outputs: number; readonly columns: number; readonly parameters: number; readonly macs: number };
  /** By the last step that changed it, from the statistics alone: as `measuredError`, but before the activation. */
  readonly predictedError?: number;
  /** In the packed file. */
  readonly bytes: number;
  readonly dtype: string;
  /** How its weights are stored, and what else was possible. */
  readonly encoding?: LayerReport['encoding'];
  /** Of its answers after all steps, with the errors of everything before it: 0 equal, 1 as good as their mean. */
  readonly measuredError?: number;
  /** int8 against the compressed float network, in dB. */
  readonly sqnr?: number;
}

export interface CompressionReport {
  readonly packedBytes: number;
  readonly constantBytes: number;
  readonly arenaBytes: number;
  readonly parameters: number;
  readonly nonzeroParameters: number;
  readonly macs: number;
  readonly original: { readonly bytes: number; readonly parameters: number; readonly nonzeroParameters: number; readonly macs: number };
  readonly weightPrecision?: WeightPrecision;
  readonly waterfall: readonly Stage[];
  readonly layers: readonly CompressedLayer[];
  /** Layers of the original that no longer exist, and why. */
  readonly removed: readonly { readonly layer: string; readonly changes: readonly LayerChange[] }[];
}

const FLOAT_BYTES = 4;

/** Bytes of every constant that a node reads. */
export function graphConstantBytes(graph: Graph): number {
  const names = new Set(graph.nodes.flatMap((node) => node.inputs));
  return [...names]
    .map((name) => valueOf(graph, name))
    .filter(({ constant }) => constant)
    .reduce((sum, { type }) => sum + byteLength(type), 0);
}

function changesByLayer(compressed: CompressedNetwork): Map<string, LayerChange[]> {
  const changes = new Map<string, LayerChange[]>();
  for (const { method, outcomes } of compressed.steps)
    for (const { layer, ...outcome } of outcomes) changes.set(layer, [...(changes.get(layer) ?? []), { method, ...outcome }]);
  return changes;
}

export interface ReportParts {
  readonly original: Graph;
  readonly compressed: CompressedNetwork;
  readonly compiled: CompiledModel;
  /** The packed model against the original. */
  readonly measured?: Measurement;
}

export function compressionReport({ original, compressed, compiled, measured }: ReportParts): CompressionReport {
  const { report } = compiled;
  const before = networkCost(original);
  const after = networkCost(compressed.network.graph);
  const changes = changesByLayer(compressed);
  const packed = new Map(report.layers.map((layer) => [layer.node, layer]));
  const originals = new Map(
    layerCosts(original).map(({ layer, outputs, columns, parameters, macs }) => [layer, { outputs, columns, parameters, macs }]),
  );
  const layers = layerCosts(compressed.network.graph).map((cost): CompressedLayer => {
    const own = originals.get(cost.layer);
    const predictedError = changes.get(cost.layer)?.findLast(({ relativeError }) => relativeError !== undefined)?.relativeError;
    const measuredError = compressed.layerErrors.get(cost.layer);
    const { constantBytes = 0, dtype = 'float32', sqnr, encoding } = packed.get(cost.layer) ?? {};
    return {
      ...cost,
      changes: changes.get(cost.layer) ?? [],
      bytes: constantBytes,
      dtype,
      ...(own && { original: own }),
      ...(predictedError !== undefined && { predictedError }),
      ...(measuredError !== undefined && { measuredError }),
      ...(encoding && { encoding }),
      ...(sqnr !== undefined && Number.isFinite(sqnr) && { sqnr }),
    };
  });
  const names = new Set(layers.map(({ layer }) => layer));
  const waterfall: Stage[] = [
    { stage: 'float', bytes: FLOAT_BYTES * before.parameters, ...before },
    ...compressed.steps.map(({ method, cost, measured: agreed }) => ({
      stage: method,
      bytes: FLOAT_BYTES * cost.parameters,
      ...cost,
      ...(agreed && { measured: agreed }),
    })),
    { stage: 'quantized', bytes: graphConstantBytes(compiled.graph), ...after, ...(measured && { measured }) },
    { stage: 'packed', bytes: report.fileBytes, ...after, ...(measured && { measured }) },
  ];
  return {
    packedBytes: report.fileBytes,
    constantBytes: report.constantBytes,
    arenaBytes: report.arenaBytes,
    ...after,
    original: { bytes: FLOAT_BYTES * before.parameters, ...before },
    ...(report.weightPrecision && { weightPrecision: report.weightPrecision }),
    waterfall,
    layers,
    removed: layerCosts(original)
      .filter(({ layer }) => !names.has(layer))
      .map(({ layer }) => ({ layer, changes: changes.get(layer) ?? [] })),
  };
}
