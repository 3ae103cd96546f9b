/** A model that arrives in parts is the same model, and as well guarded, as one that is there at once. */
import { describe, expect, test } from 'vitest';
import { Engine } from '../../../compiler/engine.ts';
import { fullRuntime } from '../../../compiler/root.ts';
import { bytesOf, modelSource } from '../../../targets/loader/source.ts';
import { smallModel } from '../../small-model.ts';

/** Streams that fill the reader's block, as those of engines, and streams that give their own. */
const kinds = ['bytes', undefined] as const;

/** A response whose body comes in parts of `size` bytes. */
function arriving(bytes: Uint8Array, size: number, type: (typeof kinds)[number]): Response {
  let at = 0;
  const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController) => {
    if (at >= bytes.length) {
      controller.close();
      if ('byobRequest' in controller) controller.byobRequest?.respond(0);
      return;
    }
    controller.enqueue(bytes.slice(at, at + size));
    at += size;
  };
  const body = type ? new ReadableStream({ type, pull }) : new ReadableStream({ pull });
  return new Response(body, { headers: { 'content-length': `${bytes.length}` } });
}

async function load(response: Response): Promise<Engine> {
  return Engine.create(await fullRuntime('scalar'), modelSource(response));
}

const cases = [1, 13, 16, 1000, 1 << 20].flatMap((size) => kinds.map((kind) => ({ size, kind })));

describe.for(cases)('in parts of $size bytes, stream of $kind', ({ size, kind }) => {
  test('the model lies in the memory as it was sent', async () => {
    const { model } = await load(arriving(smallModel(), size, kind));
    expect(Buffer.compare(model, smallModel())).toBe(0);
  });

  test('a flipped bit is found, wherever it is', async () => {
    for (let at = 16; at < smallModel().length; at += 97) {
      const damaged = smallModel();
      damaged[at] = (damaged[at] as number) ^ 4;
      await expect(load(arriving(damaged, size, kind)), `byte ${at}`).rejects.toThrow('the CRC-32 does not match');
    }
  });

  test('so is a missing end', async () => {
    await expect(load(arriving(smallModel().slice(0, -1), size, kind))).rejects.toThrow('it is cut off');
    await expect(load(arriving(smallModel().slice(0, 7), size, kind))).rejects.toThrow('it is cut off');
  });

  test('bytesOf puts the parts together, and progress counts them', async () => {
    const loaded: number[] = [];
    const onProgress = (bytes: number, total: number) => {
      expect(total).toBe(smallModel().length);
      loaded.push(bytes);
    };
    expect(Buffer.compare(await bytesOf(modelSource(arriving(smallModel(), size, kind), { onProgress })), smallModel())).toBe(0);
    expect(loaded).toHaveLength(Math.ceil(smallModel().length / size));
    expect(loaded.at(-1)).toBe(smallModel().length);
  });
});

test('an empty response is no model', async () => {
  await expect(load(new Response(null))).rejects.toThrow('it is cut off');
});

test('a request is made at once, and its failure told to whom takes the bytes', async () => {
  const source = modelSource('http://127.0.0.1:9/model.whittle');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(bytesOf(source)).rejects.toThrow('cannot be fetched');
});
