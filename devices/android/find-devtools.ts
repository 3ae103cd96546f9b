/** Which browser or WebView of a phone is meant; starts it where it does not run. */
import { DeviceError } from '../../compiler/errors.ts';
import type { AdbDevice } from './adb.ts';
import { type DevtoolsEntry, listDevtools } from './devtools.ts';

const CHROME = 'com.android.chrome';
const POLL_MS = 250;
const START_MS = 8000;

const debuggable =
  'a WebView is debuggable after WebView.setWebContentsDebuggingEnabled(true) (Capacitor: android.webContentsDebuggingEnabled, React Native: webviewDebuggingEnabled; Cordova does it in debug builds)';

/** Opens the app, or brings it to the front. @returns whether the phone has it */
async function launch(device: AdbDevice, application: string): Promise<boolean> {
  const answer = await device.shell(`monkey -p ${application} -c android.intent.category.LAUNCHER 1`);
  return !/No activities found|not found|Error/.test(answer);
}

async function waitFor(
  device: AdbDevice,
  isWanted: (entry: DevtoolsEntry) => boolean,
  milliseconds: number,
): Promise<DevtoolsEntry | undefined> {
  for (const start = Date.now(); ; ) {
    const entry = (await listDevtools(device)).find(isWanted);
    if (entry || Date.now() - start > milliseconds) return entry;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function listText(entries: readonly DevtoolsEntry[]): string {
  return entries.map(({ application, kind }) => `\n  ${application} (${kind})`).join('');
}

async function findApplication(device: AdbDevice, application: string, waitMs: number): Promise<DevtoolsEntry> {
  if (!/^[\w.]+$/.test(application))
    throw new DeviceError(`android:${device.serial}/${application}: is no name of an app, such as com.example.app`);
  const isInstalled = await launch(device, application);
  if (!isInstalled) throw new DeviceError(`${device.serial} has no app ${application}; adb shell pm list packages names all`);
  const entry = await waitFor(device, (candidate) => candidate.application === application, waitMs);
  if (entry) return entry;
  const others = listText(await listDevtools(device));
  throw new DeviceError(
    `${application} has no debuggable WebView; open the screen that has it: ${debuggable}${others && `. The phone has:${others}`}`,
  );
}

/**
 * @param application package name; default: Chrome, or else the only debuggable WebView
 * @throws DeviceError that says what to do, when there is none.
 */
export async function findDevtools(device: AdbDevice, application?: string, waitMs = START_MS): Promise<DevtoolsEntry> {
  if (application !== undefined) return findApplication(device, application, waitMs);
  const isBrowser = ({ kind }: DevtoolsEntry) => kind === 'browser';
  // Even if it runs: it must be in front.
  const hasChrome = await launch(device, CHROME);
  const browser = await waitFor(device, isBrowser, hasChrome ? waitMs : 0);
  if (browser) return browser;
  const webViews = await listDevtools(device);
  if (webViews.length > 1)
    throw new DeviceError(
      `no Chrome runs, and there are several WebViews; say which one, as android:${device.serial}/PACKAGE:${listText(webViews)}`,
    );
  if (webViews[0]) return webViews[0];
  throw new DeviceError(
    `${device.serial} has ${hasChrome ? 'Chrome, which did not start' : 'no Chrome'}, and no debuggable WebView; ${hasChrome ? 'unlock the phone, or start it by hand' : 'install Chrome'}: ${debuggable}`,
  );
}
