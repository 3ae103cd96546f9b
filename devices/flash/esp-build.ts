/** The build folder of ESP-IDF: flasher_args.json says which of its files belongs where. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { InputFileError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import type { Segment } from './segments.ts';

const schema = z.object({ flash_files: z.record(z.string().regex(/^0x[0-9a-f]+$/i), z.string()) });

/** @returns undefined when neither the folder nor its build/ is one */
export function readEspBuild(folder: string): Segment[] | undefined {
  const file = [join(folder, 'flasher_args.json'), join(folder, 'build', 'flasher_args.json')].find((path) => existsSync(path));
  if (!file) return undefined;
  let files: Readonly<Record<string, string>>;
  try {
    files = schema.parse(JSON.parse(readFileSync(file, 'utf8'))).flash_files;
  } catch (error) {
    throw new InputFileError(`${file}: does not say what belongs where (flash_files); build again with idf.py build`, { cause: error });
  }
  return Object.entries(files).map(([address, name]) => ({ address: Number(address), content: readInputFile(join(dirname(file), name)) }));
}
