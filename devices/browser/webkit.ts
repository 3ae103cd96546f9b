/** WebKitGTK's MiniBrowser, driven by its WebKitWebDriver, on a screen of its own that nobody sees (Xvfb). */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from '../../compiler/errors.ts';
import { Child, findProgram, type Program, requireProgram } from '../child-process.ts';
import { freePort } from '../free-port.ts';
import type { BrowserEngine } from './engine.ts';
import { type Capabilities, WebDriverBrowser } from './webdriver.ts';

const driver: Program = {
  title: 'WebKitWebDriver',
  names: ['WebKitWebDriver'],
  variable: 'WHITTLE_WEBKIT_DRIVER',
  fix: 'Debian: apt-get install webkit2gtk-driver xvfb; on a Mac use Safari: safaridriver -p 4444, then webdriver:http://localhost:4444?browserName=safari',
};

const screen: Program = { title: 'Xvfb', names: ['Xvfb'], variable: 'WHITTLE_XVFB', fix: 'Debian: apt-get install xvfb' };

/** Every place where distributions put MiniBrowser, newest library first. */
function miniBrowsers(): string[] {
  const folders = (path: string) =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(path, entry.name)] : []))
      : [];
  // Debian has a folder per architecture, Fedora /usr/libexec, Arch /usr/lib.
  return [...folders('/usr/lib').flatMap(folders), ...folders('/usr/libexec'), ...folders('/usr/lib')]
    .filter((path) => /\/webkit(2gtk|gtk)-\d\.\d$/.test(path))
    .sort()
    .reverse()
    .map((folder) => join(folder, 'MiniBrowser'));
}

function miniBrowser(): Program {
  return {
    title: 'MiniBrowser of WebKitGTK',
    names: miniBrowsers(),
    variable: 'WHITTLE_WEBKIT',
    fix: 'Debian: apt-get install webkit2gtk-driver',
  };
}

async function untilReady(address: string, child: Child): Promise<void> {
  let ended: string | undefined;
  void child.ended.then((how) => (ended = how));
  for (const start = Date.now(); Date.now() - start < 30_000; ) {
    if (ended !== undefined) throw new DeviceError(`WebKitWebDriver ended before it was ready (${ended})`, 7);
    const response = await fetch(`${address}/status`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new DeviceError('WebKitWebDriver was not ready within 30 s', 7);
}

/** The screen's name, and what ends it. */
async function openScreen(): Promise<{ display: NodeJS.ProcessEnv; close: () => Promise<void> }> {
  if (!findProgram(screen) && (process.env.DISPLAY || process.env.WAYLAND_DISPLAY)) return { display: {}, close: async () => {} };
  const binary = requireProgram(screen);
  const child = Child.start(() => [binary, '-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']);
  try {
    const [, number] = await child.waitForOutput(/^(\d+)$/m, 'Xvfb');
    return { display: { DISPLAY: `:${number}`, WAYLAND_DISPLAY: '', GDK_BACKEND: 'x11' }, close: () => child.kill() };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

export interface WebKitDriver {
  readonly address: string;
  readonly capabilities: Capabilities;
  close(): Promise<void>;
}

/** @throws DeviceError when something is missing, or does not start. */
export async function startWebKitDriver(log?: (message: string) => void): Promise<WebKitDriver> {
  const [driverPath, binary] = [requireProgram(driver), requireProgram(miniBrowser())];
  log?.(`webkit: ${driverPath}, ${binary}`);
  const { display, close: closeScreen } = await openScreen();
  const port = await freePort();
  const env = {
    ...display,
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    // Its sandbox does not start for root.
    ...(process.getuid?.() === 0 && { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' }),
  };
  const child = Child.start(() => [driverPath, `--port=${port}`, '--host=127.0.0.1'], { env });
  const close = async () => {
    await child.kill();
    await closeScreen();
  };
  try {
    const address = `http://127.0.0.1:${port}`;
    await untilReady(address, child);
    return { address, capabilities: { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const webkitEngine: BrowserEngine = {
  name: 'webkit',
  title: 'WebKitGTK',
  fix: driver.fix,
  find: () => (findProgram(driver) ? findProgram(miniBrowser()) : undefined),
  launch: async (log) => {
    const { address, capabilities, close } = await startWebKitDriver(log);
    try {
      return await WebDriverBrowser.open(address, capabilities, close);
    } catch (error) {
      await close();
      throw error;
    }
  },
};
