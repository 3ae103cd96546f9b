/** A PlatformIO library. */
import { type CPackage, type Files, LIBRARY_LICENSE, LIBRARY_VERSION, summaryOf } from '../c-package.ts';

export function platformioFiles(pkg: CPackage): Files {
  const manifest = {
    $schema: 'https://raw.githubusercontent.com/platformio/platformio-core/develop/platformio/assets/schema/library.json',
    name: pkg.names.library.replaceAll('_', '-'),
    version: LIBRARY_VERSION,
    description: summaryOf(pkg).slice(0, 255),
    keywords: ['neural-network', 'int8', 'inference', 'tinyml'],
    authors: [{ name: 'whittle' }],
    license: LIBRARY_LICENSE,
    ...(pkg.url !== undefined && { homepage: pkg.url }),
    frameworks: '*',
    platforms: '*',
    headers: `${pkg.names.library}.h`,
    examples: [{ name: 'Basic', base: 'examples/Basic', files: ['Basic.ino'] }],
    build: { srcDir: 'src', includeDir: 'src' },
  };
  return { 'library.json': `${JSON.stringify(manifest, null, 2)}\n` };
}
