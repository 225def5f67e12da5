import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { MachineSpec } from './driver.ts';
import { isOfMachine } from './peer.ts';

/** The port of every machine's metadata service; another one where a program of the host has taken it. */
export const metadataPort = 16_925;

/** The metadata service of one machine: on the machine's address, for its own processes only. */
export class MetadataFront {
  readonly #server: Server;
  readonly #known = new WeakMap<Socket, boolean>();
  readonly #report: (error: unknown) => void;
  #init: number | undefined;

  /** @param report a defect of ours */
  constructor(answer: NonNullable<MachineSpec['metadata']>, report: (error: unknown) => void) {
    this.#report = report;
    this.#server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
      request.resume();
      this.#serve(request, response, answer);
    });
  }

  /** Listens on the address; returns the URL that the machine gets. Rejects when the address cannot be bound. */
  async listen(address: string): Promise<string> {
    await this.#bind(address, metadataPort).catch(() => this.#bind(address, 0));
    this.#server.on('error', this.#report);
    return `http://${address}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nobody is answered before: the machine's init, by its number on the host. */
  serve(init: number): void {
    this.#init = init;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #bind(address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse, answer: NonNullable<MachineSpec['metadata']>): void {
    try {
      const { method = '', url: path = '' } = request;
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, [value].flat()[0]]),
      );
      const answered = this.#isOwn(request.socket)
        ? answer({ method, path, headers })
        : { status: 403, body: '403 Forbidden\n', headers: undefined };
      const { status, body, headers: said } = answered;
      response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), ...said });
      response.end(method === 'HEAD' ? undefined : body);
    } catch (error) {
      this.#report(error);
      response.destroy();
    }
  }

  /** Looked up once for each connection: it stays the same process's. */
  #isOwn(socket: Socket): boolean {
    const known = this.#known.get(socket);
    if (known !== undefined || this.#init === undefined) return known ?? false;
    const own = isOfMachine(socket, this.#init);
    this.#known.set(socket, own);
    return own;
  }
}
