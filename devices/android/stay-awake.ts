/** Keeps a phone's screen on while it is plugged in, and sets it back as it was, even when whittle is interrupted. */
import type { AdbDevice } from './adb.ts';

const SETTING = 'stay_on_while_plugged_in';

export class StayAwake {
  private readonly atExit: (readonly string[])[];
  private readonly onExit = () => this.device.runAtExit(this.atExit);

  private constructor(
    private readonly device: AdbDevice,
    private readonly before: string,
  ) {
    this.atExit = [['shell', this.restore()]];
    process.once('exit', this.onExit);
  }

  static async begin(device: AdbDevice): Promise<StayAwake> {
    const before = (await device.shell(`settings get global ${SETTING}`)).trim();
    const awake = new StayAwake(device, before);
    await device.shell('svc power stayon true; input keyevent KEYCODE_WAKEUP; wm dismiss-keyguard');
    return awake;
  }

  private restore(): string {
    return /^\d+$/.test(this.before) ? `settings put global ${SETTING} ${this.before}` : `settings delete global ${SETTING}`;
  }

  /** Another adb command to run when the process ends before `end`. */
  alsoAtExit(command: readonly string[]): void {
    this.atExit.push(command);
  }

  async end(): Promise<void> {
    process.off('exit', this.onExit);
    await this.device.shell(this.restore());
  }
}
