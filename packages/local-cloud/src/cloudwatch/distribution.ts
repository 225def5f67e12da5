/** Values of one metric in one span of time. Percentiles are right to about 1 percent. */
export class Distribution {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** How many values are in each class; absent while all values are the same. */
  #classes: Map<number, number> | undefined;

  /** Adds a value `times` times. */
  add(value: number, times = 1): void {
    if (this.#classes === undefined && this.count > 0 && value !== this.max)
      this.#classes = new Map([[classOf(this.max), this.count]]);
    this.count += times;
    this.sum += value * times;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.#note(classOf(value), times);
  }

  /** Takes in all values of another one. */
  merge(other: Distribution): void {
    if (other.count === 0) return;
    const mine = this.#all();
    for (const [one, times] of other.#all()) mine.set(one, (mine.get(one) ?? 0) + times);
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    this.#classes = this.min === this.max ? undefined : mine;
  }

  get average(): number {
    return this.sum / this.count;
  }

  /** The value that `percent` of all values (0-100) are not above. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.count));
    if (rank >= this.count) return this.max;
    let seen = 0;
    for (const [one, times] of [...this.#all()].sort(([a], [b]) => a - b)) {
      seen += times;
      if (seen >= rank) return Math.min(this.max, Math.max(this.min, middleOf(one)));
    }
    return this.max;
  }

  #note(one: number, times: number): void {
    this.#classes?.set(one, (this.#classes.get(one) ?? 0) + times);
  }

  #all(): Map<number, number> {
    if (this.#classes) return new Map(this.#classes);
    return this.count > 0 ? new Map([[classOf(this.max), this.count]]) : new Map();
  }
}

/** Each class ends 2 percent above where it begins. */
const growth = Math.log(1.02);
const nothing = Number.NEGATIVE_INFINITY;

/** The class of a value; everything up to 0 is in one. */
function classOf(value: number): number {
  return value > 0 ? Math.floor(Math.log(value) / growth) : nothing;
}

/** The middle of a class. */
function middleOf(one: number): number {
  return one === nothing ? 0 : Math.exp((one + 0.5) * growth);
}
