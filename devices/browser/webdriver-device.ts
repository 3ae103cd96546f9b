/** Device webdriver:URL: any browser that a WebDriver reaches, on this machine or another: Safari, an iPhone at a Mac, a browser farm. */
import { connect } from 'node:net';
import { DeviceError, UsageError } from '../../compiler/errors.ts';
import type { DeviceOptions } from '../device.ts';
import { openServedPage } from './served-page.ts';
import { type WebHost, webDeviceKind } from './web-host.ts';
import { type Capabilities, WebDriverBrowser } from './webdriver.ts';

function capabilityOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * `http://mac:4444?browserName=safari&platformName=iOS`: the query holds the capabilities, JSON where it is JSON.
 * @throws UsageError when it is no address.
 */
export function parseWebDriverUrl(text: string): { address: string; capabilities: Capabilities } {
  let url: URL;
  try {
    url = new URL(text);
    if (!/^https?:$/.test(url.protocol)) throw new Error('no web address');
  } catch {
    throw new UsageError(
      `webdriver:${text}: is no http address; write webdriver:http://HOST:PORT, with capabilities as ?browserName=safari`,
    );
  }
  const capabilities = Object.fromEntries([...url.searchParams].map(([name, value]) => [name, capabilityOf(value)]));
  return { address: `${url.origin}${url.pathname.replace(/\/$/, '')}`, capabilities };
}

/** The address by which the driver's machine reaches this one: that of the route to it. */
async function localAddress(driver: string): Promise<string> {
  const { hostname, port, protocol } = new URL(driver);
  const socket = connect(Number(port) || (protocol === 'https:' ? 443 : 80), hostname.replace(/^\[|\]$/g, ''));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket.localAddress as string;
  } catch (error) {
    throw new DeviceError(
      `no WebDriver answers at ${driver} (${(error as Error).message}); start it there: safaridriver -p 4444, chromedriver --port=4444, geckodriver --port 4444`,
    );
  } finally {
    socket.destroy();
  }
}

async function openHost(options: DeviceOptions, argument = ''): Promise<WebHost> {
  const { address, capabilities } = parseWebDriverUrl(argument);
  const local = await localAddress(address);
  const browser = await WebDriverBrowser.open(address, capabilities);
  return openServedPage(browser, { name: `webdriver:${address}` }, { ...options, address: local });
}

export const webdriver = webDeviceKind('webdriver', 'URL', openHost);
