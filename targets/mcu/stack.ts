/** The deepest stack of a program, from what gcc -fcallgraph-info=su writes beside each object (VCG graphs). */

/** Kernels that walk dimensions call themselves, at most once per dimension (COPY_RANK, PAD_RANK in format.ts). */
const DEEPEST_RECURSION = 6;

/**
 * Bytes from the entry of `root` on. Functions of libraries, of which gcc says nothing, count as 0: memmove and memset
 * need a few words.
 * @param graphs texts of the .ci files
 */
export function deepestStack(graphs: readonly string[], root: string): number {
  const frames = new Map<string, number>();
  const callees = new Map<string, Set<string>>();
  for (const graph of graphs) {
    for (const [, title, label] of graph.matchAll(/^node: \{ title: "([^"]*)" label: "([^"]*)"/gm)) {
      const bytes = /(\d+) bytes \(/.exec(label as string);
      if (bytes) frames.set(title as string, Number(bytes[1]));
    }
    for (const [, from, to] of graph.matchAll(/^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"/gm)) {
      const known = callees.get(from as string);
      if (known) known.add(to as string);
      else callees.set(from as string, new Set([to as string]));
    }
  }
  const depths = new Map<string, number>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const own = frames.get(name) ?? 0;
    const called = [...(callees.get(name) ?? [])];
    // A function that calls itself stands on the stack more than once.
    const frame = called.includes(name) ? own * DEEPEST_RECURSION : own;
    depths.set(name, frame);
    const deepest = Math.max(0, ...called.filter((callee) => callee !== name).map(depthOf));
    depths.set(name, frame + deepest);
    return frame + deepest;
  };
  return depthOf(root);
}
