/** What must be disposed of, in the reverse order of its start. One failure does not keep the rest from being disposed of. */
export class Disposables {
  readonly #list: (() => unknown)[] = [];
  #disposing: Promise<void> | undefined;

  add(dispose: () => unknown): void {
    this.#list.push(dispose);
  }

  /** Disposes of everything once; later calls wait for the first. Rejects with the first failure, after all have been tried. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#disposeAll();
    return this.#disposing;
  }

  async #disposeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const dispose of this.#list.splice(0).reverse()) {
      try {
        await dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
