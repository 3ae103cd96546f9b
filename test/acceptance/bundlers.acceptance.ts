/** The browser package from a packed tarball in every common bundler: built for real, opened in a real Chromium. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserTarget } from '../../targets/browser/target.ts';
import { Application, type Evaluate, expectedOutput, pixels } from '../end-to-end/application.ts';
import { requireTool } from '../require-tool.ts';

const versions = {
  vite: '8.3.8',
  webpack: '5.112.2',
  'webpack-cli': '7.3.1',
  rollup: '4.68.7',
  '@rollup/plugin-node-resolve': '16.0.3',
  esbuild: '0.28.2',
};

/** Installs the bundlers once, in a folder of their own. */
function installBundlers(): string {
  const folder = join(process.env.WHITTLE_CACHE ?? join(homedir(), '.cache', 'whittle'), 'bundlers');
  const isInstalled = Object.keys(versions).every((name) => existsSync(join(folder, 'node_modules', name)));
  if (!isInstalled) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
    execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...packages], { cwd: folder, stdio: 'inherit' });
  }
  return join(folder, 'node_modules');
}

const use = `const pixels = Uint8Array.from([${pixels}]);
const run = async (session) => Array.from((await session.run(pixels)).y);`;

/** With `new URL('./file', import.meta.url)`: the page's session and one in a worker. */
const urlEntry = `import { createSession } from 'small';
import { createWorkerSession } from 'small/worker';
${use}
globalThis.outputs = (async () => [await run(await createSession()), await run(await createWorkerSession())])();
`;

/** Everything inside the script. */
const inlineEntry = `import { createSession, createWorkerSession } from 'small/inline';
${use}
globalThis.outputs = (async () => [await run(await createSession()), await run(await createWorkerSession())])();
`;

describe.skipIf(!requireTool('chromium'))('bundlers', () => {
  let application: Application;
  let expected: number[];
  let bundlers: string;

  const binary = (name: string) => join(bundlers, '.bin', name);
  const page = (script: string) => `<!doctype html><title>application</title><script type="module" src="${script}"></script>`;
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: application.folder, stdio: ['ignore', 'pipe', 'pipe'] });

  /** Serves this page, and compares what it computes. */
  async function expectOutputs(html: string): Promise<void> {
    application.write('index.html', html);
    await expectPage(await application.open());
  }

  async function expectPage(evaluate: Evaluate): Promise<void> {
    while (!(await evaluate('globalThis.outputs !== undefined'))) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await evaluate('outputs')).toEqual([expected, expected]);
  }

  /** Bundlers that leave `new URL` alone: what it names must be copied beside the bundle, as the package's README says. */
  function copyAssets(folder: string): void {
    for (const name of readdirSync(application.packageFolder)) {
      if (/\.(wasm|whittle|js)$/.test(name)) cpSync(join(application.packageFolder, name), join(application.folder, folder, name));
    }
  }

  beforeAll(async () => {
    bundlers = installBundlers();
    application = await Application.create(browserTarget);
    expected = await expectedOutput();
    // As a user gets it: packed, then installed.
    execFileSync('npm', ['pack', '--silent', '--pack-destination', application.folder], { cwd: application.packageFolder });
    application.write('package.json', '{"private":true,"type":"module"}');
    run('npm', 'install', '--silent', '--no-audit', '--no-fund', './small-1.0.0.tgz');
    for (const name of ['vite', 'webpack', 'rollup', '@rollup']) {
      mkdirSync(join(application.folder, 'node_modules'), { recursive: true });
      execFileSync('ln', ['-s', join(bundlers, name), join(application.folder, 'node_modules', name)]);
    }
    application.write('url.js', urlEntry);
    application.write('inline.js', inlineEntry);
  });
  afterAll(() => application?.close());

  test('Vite, development server', async () => {
    const port = 20000 + (process.pid % 20000);
    application.write('index.html', page('/url.js'));
    const vite = spawn(binary('vite'), ['--host', '127.0.0.1', '--port', String(port), '--strictPort'], {
      cwd: application.folder,
      stdio: 'ignore',
    });
    try {
      const url = `http://127.0.0.1:${port}/`;
      while (
        !(await fetch(url).then(
          () => true,
          () => false,
        ))
      )
        await new Promise((resolve) => setTimeout(resolve, 50));
      await expectPage(await application.openUrl(url));
      application.write('index.html', page('/inline.js'));
      await expectPage(await application.openUrl(url));
    } finally {
      vite.kill();
    }
  });

  test.for(['url', 'inline'])('Vite, build, %s', async (entry) => {
    application.write('index.html', page(`/${entry}.js`));
    run(binary('vite'), 'build', '--outDir', 'vite', '--base', '/vite/', '--logLevel', 'error');
    await expectPage(await application.openPath('/vite/index.html'));
  });

  test.for(['url', 'inline'])('webpack, %s', async (entry) => {
    run(
      binary('webpack'),
      '--mode',
      'production',
      '--entry',
      `./${entry}.js`,
      '--output-path',
      join(application.folder, 'webpack'),
      '--output-public-path',
      '/webpack/',
    );
    await expectOutputs(page('/webpack/main.js'));
  });

  test.for(['url', 'inline'])('Rollup, %s', async (entry) => {
    run(binary('rollup'), `main=${entry}.js`, '--dir', 'rollup', '--format', 'es', '--plugin', '@rollup/plugin-node-resolve', '--silent');
    copyAssets('rollup');
    await expectOutputs(page('/rollup/main.js'));
  });

  test.for(['url', 'inline'])('esbuild, %s', async (entry) => {
    run(binary('esbuild'), `${entry}.js`, '--bundle', '--format=esm', '--outfile=esbuild/main.js', '--log-level=error');
    copyAssets('esbuild');
    await expectOutputs(page('/esbuild/main.js'));
  });

  test('no bundler: an import map', async () => {
    const imports = {
      small: '/node_modules/small/index.js',
      'small/': '/node_modules/small/',
      'small/worker': '/node_modules/small/worker-session.js',
      'small/inline': '/node_modules/small/inline.js',
    };
    for (const entry of ['url', 'inline']) {
      const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
      await expectOutputs(`<!doctype html><title>application</title>${map}<script type="module" src="/${entry}.js"></script>`);
    }
  });
});
