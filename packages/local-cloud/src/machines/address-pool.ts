/** Addresses of one block: machines at 127.N.16-254.1-254, load balancers at 127.N.2.1-254. */
export class AddressPool {
  readonly #block: number;
  readonly #used = new Set<string>();
  #nextMachine = 0;
  #nextBalancer = 0;

  constructor(block: number) {
    this.#block = block;
  }

  /** The next free machine address; the one just released comes last, as late packets may still look for it. */
  takeAddress(): string {
    const total = 239 * 254;
    const at = (index: number) => `127.${this.#block}.${16 + Math.floor(index / 254)}.${1 + (index % 254)}`;
    const [address, next] = this.#take(at, this.#nextMachine, total, 'machine');
    this.#nextMachine = next;
    return address;
  }

  /** The next free address for a load balancer. */
  takeBalancerAddress(): string {
    const [address, next] = this.#take(
      (i) => `127.${this.#block}.2.${1 + i}`,
      this.#nextBalancer,
      254,
      'load balancer',
    );
    this.#nextBalancer = next;
    return address;
  }

  /** Marks an address as taken, e.g. of a machine from the state file. */
  reserve(address: string): void {
    this.#used.add(address);
  }

  /** Gives a machine's or a load balancer's address back; a free one is not an error. */
  release(address: string): void {
    this.#used.delete(address);
  }

  #take(at: (index: number) => string, from: number, total: number, what: string): [address: string, next: number] {
    for (let step = 0; step < total; step++) {
      const index = (from + step) % total;
      const address = at(index);
      if (this.#used.has(address)) continue;
      this.#used.add(address);
      return [address, (index + 1) % total];
    }
    throw new Error(`All ${total} ${what} addresses of 127.${this.#block}.0.0/16 are taken`);
  }
}
