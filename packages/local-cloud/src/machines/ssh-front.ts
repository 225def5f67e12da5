import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { isAlive, type ProcessRef, processRef } from './process-table.ts';

/** The port that SSH always answers on; 22 as well where the daemon may bind it. */
export const sshPort = 2222;

/**
 * SSH of one machine: listens on its address and starts an `sshd -i` for each connection, so that an idle machine
 * costs no process. Sessions that clients keep open (ControlPersist) are known here and end with the machine.
 */
export class SshFront {
  readonly #servers: Server[] = [];
  readonly #sessions = new Map<ChildProcess, ProcessRef>();
  readonly #options: { address: string; sshd: string; config: string; log: string; onChange: () => void };
  #closed = false;

  /** `onChange` is called whenever `sessions` has changed. */
  constructor(options: { address: string; sshd: string; config: string; log: string; onChange: () => void }) {
    this.#options = options;
  }

  /** The sshd processes that serve a connection now. */
  get sessions(): ProcessRef[] {
    return [...this.#sessions.values()];
  }

  /** Listens; rejects when the machine's address has no free SSH port. */
  async listen(): Promise<void> {
    await this.#bind(sshPort);
    // Port 22 needs privileges, and a host whose own sshd binds every address has none left.
    await this.#bind(22).catch(() => undefined);
  }

  /** Ends every session and stops listening; resolves when none of its processes runs. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = this.#servers.map((server) => once(server, 'close'));
    for (const server of this.#servers) server.close();
    const ended = [...this.#sessions.keys()].map((child) => once(child, 'exit'));
    for (const [child, ref] of this.#sessions) {
      // The whole group: sshd splits itself for its privileges.
      if (child.pid !== undefined && isAlive(ref)) process.kill(-child.pid, 'SIGKILL');
    }
    await Promise.all([...closed, ...ended]);
  }

  async #bind(port: number): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#serve(socket));
    server.listen(port, this.#options.address);
    await once(server, 'listening');
    this.#servers.push(server);
  }

  #serve(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const { sshd, config, log } = this.#options;
    const child = spawn(sshd, ['-i', '-f', config, '-E', log], { detached: true, stdio: [socket, socket, 'ignore'] });
    child.once('error', () => undefined);
    const ref = child.pid === undefined ? undefined : processRef(child.pid);
    if (ref) {
      this.#sessions.set(child, ref);
      child.once('exit', () => {
        this.#sessions.delete(child);
        this.#options.onChange();
      });
      this.#options.onChange();
    }
    // sshd has its own copy of the descriptor.
    socket.destroy();
  }
}
