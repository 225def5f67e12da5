/**
 * What keeping so many GB of snapshots costs a month in USD, rounded up to cents. The size of a volume is the most that its
 * snapshot can hold, and blocks that snapshots share are billed once: the true cost is this or less.
 * @param price USD for a GB-month of the standard tier, `release.snapshotPrice`
 */
export function monthlyCost(gb: number, price: number): number {
  return Math.ceil(gb * price * 100) / 100;
}

/** `16 GB, at most 0.80 USD a month`. */
export function costText(gb: number, price: number): string {
  return `${gb} GB, at most ${monthlyCost(gb, price).toFixed(2)} USD a month`;
}
