/** A model that arrives in parts is the same model, and as well guarded, as one that is there at once. */
import { describe, expect, test } from 'vitest';
import { Engine } from '../../../compiler/engine.ts';
import { fullRuntime } from '../../../compiler/root.ts';
import { bytesOf, modelSource } from '../../../targets/loader/source.ts';
import { smallModel } from '../../small-model.ts';

/** A response whose body comes in parts of `size` bytes. */
function arriving(bytes: Uint8Array, size: number): Response {
  let at = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
  return new Response(body, { headers: { 'content-length': `${bytes.length}` } });
}

async function load(response: Response): Promise<Engine> {
  return Engine.create(await fullRuntime('scalar'), modelSource(response));
}

describe.for([1, 13, 16, 1000, 1 << 20])('in parts of %i bytes', (size) => {
  test('the model lies in the memory as it was sent', async () => {
    const { model } = await load(arriving(smallModel(), size));
    expect(Buffer.compare(model, smallModel())).toBe(0);
  });

  test('a flipped bit is found, wherever it is', async () => {
    for (let at = 16; at < smallModel().length; at += 97) {
      const damaged = smallModel();
      damaged[at] = (damaged[at] as number) ^ 4;
      await expect(load(arriving(damaged, size)), `byte ${at}`).rejects.toThrow('the CRC-32 does not match');
    }
  });

  test('so is a missing end', async () => {
    await expect(load(arriving(smallModel().slice(0, -1), size))).rejects.toThrow('it is cut off');
    await expect(load(arriving(smallModel().slice(0, 7), size))).rejects.toThrow('it is cut off');
  });

  test('bytesOf puts the parts together, and progress counts them', async () => {
    const loaded: number[] = [];
    const onProgress = (bytes: number, total: number) => {
      expect(total).toBe(smallModel().length);
      loaded.push(bytes);
    };
    expect(Buffer.compare(await bytesOf(modelSource(arriving(smallModel(), size), { onProgress })), smallModel())).toBe(0);
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
