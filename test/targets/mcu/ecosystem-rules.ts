/**
 * The published rules of the package formats, as code:
 * - Arduino: library specification 1.5 revision 2.2 and the "specification" level of arduino-lint's JSON schemas
 * - PlatformIO: platformio/assets/schema/library.json and the text of its fields
 * - Zephyr: the schema in scripts/zephyr_module.py, and the files that it wants to find
 * - ESP-IDF: "idf_component.yml Manifest File" of the component manager's documentation
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const semver = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const licences = z.enum(['Apache-2.0', 'MIT', 'BSD-3-Clause']);

const arduinoCategories = [
  'Display',
  'Communication',
  'Signal Input/Output',
  'Sensors',
  'Device Control',
  'Timing',
  'Data Storage',
  'Data Processing',
  'Other',
] as const;

const arduino = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^(([a-zA-Z][a-zA-Z0-9 _.-]*)|([0-9][a-zA-Z0-9 _.-]*[a-zA-Z][a-zA-Z0-9 _.-]*))$/)
    .refine((name) => !/^arduino/i.test(name)),
  version: z.string().regex(semver),
  author: z.string().min(1),
  maintainer: z
    .string()
    .min(1)
    .refine((name) => !/^arduino/i.test(name)),
  sentence: z.string().min(1),
  paragraph: z.string(),
  category: z.enum(arduinoCategories),
  url: z.url(),
  architectures: z.string().min(1),
  includes: z.string().min(1),
});

/** @throws Error when the folder is no Arduino library. */
export function checkArduino(folder: string): void {
  const lines = readFileSync(join(folder, 'library.properties'), 'utf8').split('\n').filter(Boolean);
  const properties = arduino.parse(
    Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
  );
  if (lines.length !== Object.keys(properties).length) throw new Error('library.properties: a key is there twice');
  for (const header of properties.includes.split(',')) mustExist(folder, join('src', header));
  mustExist(folder, 'examples/Basic/Basic.ino');
}

const platformio = z.strictObject({
  $schema: z.url(),
  name: z
    .string()
    .max(50)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  version: z.string().max(20).regex(semver),
  description: z.string().max(255),
  keywords: z.array(
    z
      .string()
      .max(255)
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  ),
  authors: z.array(z.strictObject({ name: z.string() })),
  license: licences,
  homepage: z.url().max(255).optional(),
  frameworks: z.literal('*'),
  platforms: z.literal('*'),
  headers: z.string(),
  examples: z.array(z.strictObject({ name: z.string(), base: z.string(), files: z.array(z.string()).min(1) })),
  build: z.strictObject({ srcDir: z.string(), includeDir: z.string() }),
});

/** @throws Error when the folder is no PlatformIO library. */
export function checkPlatformio(folder: string): void {
  const { headers, examples, build } = platformio.parse(JSON.parse(readFileSync(join(folder, 'library.json'), 'utf8')));
  mustExist(folder, join(build.includeDir, headers));
  mustExist(folder, build.srcDir);
  for (const { base, files } of examples) for (const file of files) mustExist(folder, join(base, file));
}

const zephyr = z.strictObject({
  name: z.string().optional(),
  build: z
    .strictObject({ cmake: z.string().optional(), kconfig: z.string().optional(), depends: z.array(z.string()).optional() })
    .optional(),
  tests: z.array(z.string()).optional(),
  samples: z.array(z.string()).optional(),
});

/** @returns the symbols that the module's Kconfig defines. @throws Error when the folder is no Zephyr module. */
export function checkZephyr(folder: string): string[] {
  const { build, samples = [] } = zephyr.parse(parse(readFileSync(join(folder, 'zephyr/module.yml'), 'utf8')));
  mustExist(folder, join(build?.cmake ?? 'zephyr', 'CMakeLists.txt'));
  mustExist(folder, build?.kconfig ?? 'zephyr/Kconfig');
  for (const sample of samples)
    for (const file of ['CMakeLists.txt', 'prj.conf', 'sample.yaml', 'src/main.c']) mustExist(folder, join(sample, file));
  const kconfig = readFileSync(join(folder, build?.kconfig ?? 'zephyr/Kconfig'), 'utf8');
  // The part of the language that the file uses: an entry, a type with a prompt, a help text that is indented further.
  if (!/^(config [A-Z][A-Z0-9_]*\n\tbool "[^"]+"\n\thelp\n(\t {2}[^\n]+\n)+)+$/.test(kconfig))
    throw new Error(`zephyr/Kconfig:\n${kconfig}`);
  return [...kconfig.matchAll(/^config (\w+)/gm)].map((match) => match[1] as string);
}

const idfDependency = z.union([z.string(), z.strictObject({ version: z.string(), override_path: z.string().optional() })]);
const espIdf = z.strictObject({
  version: z.string().regex(semver).optional(),
  description: z.string().optional(),
  url: z.url().optional(),
  license: licences.optional(),
  tags: z
    .array(
      z
        .string()
        .min(3)
        .max(32)
        .regex(/^[A-Za-z0-9_-]+$/),
    )
    .optional(),
  targets: z.array(z.string()).optional(),
  dependencies: z.record(z.string().regex(/^([a-z0-9_-]+\/)?[a-z0-9_-]+$/), idfDependency).optional(),
});

/** @throws Error when the folder is no component of ESP-IDF. */
export function checkEspIdf(folder: string): void {
  const manifest = espIdf.parse(parse(readFileSync(join(folder, 'idf_component.yml'), 'utf8')));
  if (!manifest.version) throw new Error('idf_component.yml: the registry wants a version');
  mustExist(folder, 'CMakeLists.txt');
  const main = 'examples/esp-idf/main';
  const { dependencies = {} } = espIdf.parse(parse(readFileSync(join(folder, main, 'idf_component.yml'), 'utf8')));
  for (const dependency of Object.values(dependencies)) {
    if (typeof dependency === 'object' && dependency.override_path)
      mustExist(folder, join(main, dependency.override_path, 'idf_component.yml'));
  }
}

function mustExist(folder: string, path: string): void {
  if (!existsSync(join(folder, path))) throw new Error(`${path} is named but not there`);
}
