import { checkKey, type Store, type Stored } from '../../src/ledger/store.ts';

/** A store of this process only: exact, and without files to wait for. Its contract is that of every store (test/ledger/store-contract.test.ts). */
export function createMemoryStore(): Store {
  const texts = new Map<string, Stored>();
  let writes = 0;
  return {
    get: async (key) => texts.get(checkKey(key)),
    async put(key, text, condition) {
      const before = texts.get(checkKey(key));
      const refused =
        (condition === 'if-absent' && before !== undefined) ||
        (typeof condition === 'object' && condition.ifMatch !== before?.etag);
      if (refused) return { written: false };
      const etag = `"${++writes}"`;
      texts.set(key, { text, etag });
      return { written: true, etag };
    },
    list: async (prefix) => [...texts.keys()].filter((key) => key.startsWith(prefix)).sort(),
    async delete(key) {
      texts.delete(checkKey(key));
    },
  };
}
