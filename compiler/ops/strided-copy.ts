/** What becomes the COPY kernel: every operator that only moves elements (transpose, slice, expand, tile). */
import {
  COPY_DIMENSIONS,
  COPY_ELEMENT_BYTES,
  COPY_INPUT_START,
  COPY_INPUT_STRIDES,
  COPY_OUTPUT_STRIDES,
  COPY_PARAMETERS,
  COPY_RANK,
  OPCODE_COPY,
} from '../../runtime-as/format.ts';
import { dtypeBytes, elementCount, type Value } from '../graph.ts';
import { type KernelCall, parameterWords } from './op.ts';
import { stridesOf } from './strides.ts';

/** How the elements of y, in row-major order of `shape`, lie in x: start and strides in elements. */
export interface StridedView {
  /** The shape of y, or a refinement of it (an axis of y may be several here). */
  readonly shape: readonly number[];
  readonly start: number;
  readonly strides: readonly number[];
}

interface Axis {
  extent: number;
  readonly from: number;
  readonly to: number;
}

/** Axes that count, outermost first; neighbours that advance as one are one. */
function mergeAxes({ shape, strides }: StridedView): Axis[] {
  const to = stridesOf(shape);
  const axes: Axis[] = [];
  shape.forEach((extent, i) => {
    if (extent === 1) return;
    const axis = { extent, from: strides[i] as number, to: to[i] as number };
    const outer = axes.at(-1);
    if (outer && outer.from === axis.from * extent && outer.to === axis.to * extent) {
      axes[axes.length - 1] = { ...axis, extent: outer.extent * extent };
    } else {
      axes.push(axis);
    }
  });
  return axes;
}

/** The kernel walks the last two axes as a plane: next to the axis along which y is contiguous goes the one along which x is. */
function planeLast(axes: readonly Axis[]): readonly Axis[] {
  const last = axes.at(-1);
  const contiguous = axes.find((axis) => axis.from === 1);
  if (!last || !contiguous || last.from === 1) return axes;
  return [...axes.filter((axis) => axis !== contiguous && axis !== last), contiguous, last];
}

/** The call that gathers y from x; 'alias' when y is x; undefined when more than COPY_RANK axes remain, or no element. */
export function stridedCopy(x: Value, y: Value, view: StridedView): KernelCall | 'alias' | undefined {
  const count = elementCount(y.type.shape);
  if (count === 0) return undefined;
  const axes = mergeAxes(view);
  const isWhole = view.start === 0 && count === elementCount(x.type.shape);
  if (isWhole && (axes.length === 0 || (axes.length === 1 && axes[0]?.from === 1))) return 'alias';
  if (axes.length > COPY_RANK) return undefined;
  const words: Record<number, number> = { [COPY_ELEMENT_BYTES]: dtypeBytes(x.type.dtype), [COPY_INPUT_START]: view.start };
  const ordered = planeLast(axes);
  for (let i = 0; i < COPY_RANK; i++) {
    const axis = ordered[i - (COPY_RANK - ordered.length)];
    words[COPY_DIMENSIONS + i] = axis?.extent ?? 1;
    words[COPY_INPUT_STRIDES + i] = axis?.from ?? 0;
    words[COPY_OUTPUT_STRIDES + i] = axis?.to ?? 0;
  }
  return { opcode: OPCODE_COPY, operands: [x.name], parameters: parameterWords(COPY_PARAMETERS, words) };
}
