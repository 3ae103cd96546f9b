/** The most recently used entries of limited size. */
export class Recent<T> {
  private readonly entries = new Map<string, T>();
  private size = 0;

  constructor(
    private readonly limit: number,
    private readonly sizeOf: (value: T) => number,
  ) {}

  get(key: string): T | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.entries.set(key, value);
    this.size += this.sizeOf(value);
    for (const [oldest, entry] of this.entries) {
      if (this.size <= this.limit) break;
      this.entries.delete(oldest);
      this.size -= this.sizeOf(entry);
    }
  }
}
