import { createServer, type Server } from 'node:net';

/** Any fixed port does: the bound address 127.N.1.1:47321 is the lock on block N. */
const lockPort = 47_321;
const firstBlock = 10;
const lastBlock = 254;

/** A claimed part of the loopback network, 127.<block>.0.0/16, held until `close`. */
export interface AddressBlock {
  block: number;
  close(): Promise<void>;
}

/**
 * Claims a block of loopback addresses that no other cloud on this host uses. The claim ends with the process,
 * however that ends. Rejects when all 245 are taken.
 * @param preferred block to try first, so that a restarted cloud keeps its addresses
 */
export async function claimAddressBlock(preferred?: number): Promise<AddressBlock> {
  const blocks = Array.from({ length: lastBlock - firstBlock + 1 }, (_, index) => firstBlock + index);
  if (preferred !== undefined && blocks.includes(preferred)) blocks.unshift(preferred);
  for (const block of blocks) {
    const server = await bind(`127.${block}.1.1`);
    if (server) return { block, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
  }
  throw new Error(`All address blocks 127.${firstBlock}-${lastBlock} of this host are taken by running local clouds`);
}

function bind(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    // exclusive: in a cluster worker the socket would be shared and the lock would not lock.
    server.listen({ host: address, port: lockPort, exclusive: true }, () => {
      // The lock must not keep a process alive that has nothing else to do.
      server.unref();
      resolve(server);
    });
  });
}
