/** The one list of compression methods. */
import { magnitudePruning } from './magnitude-pruning.ts';
import type { CompressionMethod } from './method.ts';
import { removeConstantChannels } from './remove-constant-channels.ts';

export const methods: readonly CompressionMethod[] = [removeConstantChannels, magnitudePruning];

export function methodNamed(name: string): CompressionMethod | undefined {
  return methods.find((method) => method.name === name);
}
