/** What a float graph costs: layer by layer, and as a whole. */
import type { Graph } from '../graph.ts';
import { planExecution } from '../plan/plan.ts';
import { countParameters, layerReports } from '../report.ts';
import { type Layer, layersOf, macsOfLayer, nonzeroParametersOfLayer, parametersOfLayer } from './layers.ts';

export interface LayerCost {
  readonly layer: string;
  readonly kind: Layer['kind'];
  /** Rows and columns of the matrix. */
  readonly outputs: number;
  readonly columns: number;
  readonly parameters: number;
  readonly nonzeroParameters: number;
  readonly macs: number;
}

export interface NetworkCost {
  /** Weights, biases and every other float constant. */
  readonly parameters: number;
  readonly nonzeroParameters: number;
  readonly macs: number;
}

export function layerCosts(graph: Graph): LayerCost[] {
  return layersOf(graph).map((layer) => ({
    layer: layer.name,
    kind: layer.kind,
    outputs: layer.outputs,
    columns: layer.columns,
    parameters: parametersOfLayer(layer),
    nonzeroParameters: nonzeroParametersOfLayer(layer),
    macs: macsOfLayer(layer),
  }));
}

export function networkCost(graph: Graph): NetworkCost {
  const layers = layersOf(graph);
  const parameters = countParameters(graph);
  const zeros = layers.reduce((sum, layer) => sum + parametersOfLayer(layer) - nonzeroParametersOfLayer(layer), 0);
  const steps = layerReports(graph, planExecution(graph), [], new Map());
  return { parameters, nonzeroParameters: parameters - zeros, macs: steps.reduce((sum, { macs }) => sum + macs, 0) };
}
