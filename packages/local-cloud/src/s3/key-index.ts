import { compareKeys, lowerBound } from './names.ts';
import type { ObjectVersion } from './object-file.ts';

/** The versions of a bucket's keys, in memory: keys in S3's order, versions newest first. */
export class KeyIndex {
  /** All keys that have a version or a delete marker, sorted. */
  readonly keys: string[] = [];
  readonly #versions = new Map<string, ObjectVersion[]>();
  #sequence = 0;

  /** The number for the next write. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  get isEmpty(): boolean {
    return this.keys.length === 0;
  }

  versions(key: string): readonly ObjectVersion[] {
    return this.#versions.get(key) ?? [];
  }

  /** The newest version, which may be a delete marker. */
  current(key: string): ObjectVersion | undefined {
    return this.#versions.get(key)?.[0];
  }

  find(key: string, versionId: string): ObjectVersion | undefined {
    return this.#versions.get(key)?.find((version) => version.versionId === versionId);
  }

  /** Takes a version in; the one with the same id that it stands for now is handed back. */
  add(version: ObjectVersion): ObjectVersion | undefined {
    this.#sequence = Math.max(this.#sequence, version.sequence);
    const list = this.#versions.get(version.key);
    if (!list) {
      this.#versions.set(version.key, [version]);
      this.keys.splice(lowerBound(this.keys, version.key), 0, version.key);
      return undefined;
    }
    const same = list.findIndex((other) => other.versionId === version.versionId);
    const [replaced] = same < 0 ? [] : list.splice(same, 1);
    const place = list.findIndex((other) => other.sequence < version.sequence);
    list.splice(place < 0 ? list.length : place, 0, version);
    return replaced;
  }

  /** Takes many versions in at once, in any order; hands back those that others with their id stand for. */
  fill(versions: ObjectVersion[]): ObjectVersion[] {
    const replaced: ObjectVersion[] = [];
    for (const version of versions.sort((a, b) => a.sequence - b.sequence)) {
      this.#sequence = Math.max(this.#sequence, version.sequence);
      const list = this.#versions.get(version.key) ?? [];
      const same = list.findIndex((other) => other.versionId === version.versionId);
      if (same >= 0) replaced.push(...list.splice(same, 1));
      list.unshift(version);
      this.#versions.set(version.key, list);
    }
    this.keys.length = 0;
    for (const key of [...this.#versions.keys()].sort(compareKeys)) this.keys.push(key);
    return replaced;
  }

  remove(version: ObjectVersion): void {
    const list = this.#versions.get(version.key)?.filter((other) => other !== version) ?? [];
    if (list.length > 0) this.#versions.set(version.key, list);
    else if (this.#versions.delete(version.key)) this.keys.splice(lowerBound(this.keys, version.key), 1);
  }
}
