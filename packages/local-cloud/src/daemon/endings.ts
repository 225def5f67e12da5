/** What must be ended, in the reverse order of its start. One failure does not keep the rest from ending. */
export class Endings {
  readonly #list: (() => unknown)[] = [];
  #running: Promise<void> | undefined;

  get begun(): boolean {
    return this.#running !== undefined;
  }

  add(end: () => unknown): void {
    this.#list.push(end);
  }

  /** Ends everything once; later calls wait for the first. Rejects with the first failure, after all have been tried. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#list.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
