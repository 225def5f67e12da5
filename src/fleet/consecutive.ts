/**
 * Whether something has held in so many consecutive readings: one good reading may be a flap. To be told of each reading.
 * @param reads That many: `release.healthyReads`.
 */
export function consecutive(reads: number): (holds: boolean) => boolean {
  let row = 0;
  return (holds) => {
    row = holds ? row + 1 : 0;
    return row >= reads;
  };
}
