/** The WebDriver client against drivers that are missing, refuse, or are none; real ones drive WebKit in the contract test. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebDriverBrowser } from '../../../devices/browser/webdriver.ts';
import { parseWebDriverUrl } from '../../../devices/browser/webdriver-device.ts';
import { openDevice } from '../../../devices/index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A driver that answers every request alike. */
async function driver(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the address holds the capabilities', () => {
  expect(parseWebDriverUrl('http://mac:4444?browserName=safari&safari:useSimulator=true&platformName=iOS')).toEqual({
    address: 'http://mac:4444',
    capabilities: { browserName: 'safari', 'safari:useSimulator': true, platformName: 'iOS' },
  });
  expect(parseWebDriverUrl('https://farm/wd/hub/')).toEqual({ address: 'https://farm/wd/hub', capabilities: {} });
  expect(() => parseWebDriverUrl('mac:4444')).toThrow(/is no http address; write webdriver:http:\/\/HOST:PORT/);
});

test('every way to fail is named', async () => {
  const nobody = await driver(200, '');
  servers.pop()?.close();
  await expect(openDevice(`webdriver:${nobody}`)).rejects.toMatchObject({
    exitCode: 6,
    message: expect.stringMatching(/no WebDriver answers at .*start it there: safaridriver -p 4444/),
  });
  const page = await driver(200, '<!doctype html>');
  await expect(WebDriverBrowser.open(page, {})).rejects.toThrow(/does not speak WebDriver \(HTTP 200: <!doctype html>\)/);
  const refused = JSON.stringify({ value: { error: 'session not created', message: 'no matching capabilities' } });
  await expect(WebDriverBrowser.open(await driver(500, refused), {})).rejects.toMatchObject({
    exitCode: 6,
    message: 'the WebDriver refuses: session not created: no matching capabilities',
  });
});
