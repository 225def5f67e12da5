import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { World } from './world.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the folder of the golden world; see `goldenWorld`. */
    goldenUrl: string;
  }
}

/**
 * Vitest's global set-up of the golden world: a project whose cloud has released v1 of api and is stopped. Test files boot copies of it,
 * so that only one first release is waited for in a run. It is removed when the run ends.
 *
 * The world is made when the first file asks for it, so a run of files that do not need it does not wait. It is made in Vitest's own
 * process, which is the only one that all workers share, so there is nothing to lock.
 */
export default async function provideGoldenWorld(project: TestProject): Promise<() => Promise<void>> {
  let world: World | undefined;
  const make = async () => {
    world = await World.create(await mkdtemp(path.join(tmpdir(), 'gp-golden-')));
    await world.up();
    await world.json('release', 'api');
    await world.down();
    return world.dir;
  };
  let made: Promise<string> | undefined;
  const server = createServer((_request, response) => {
    made ??= make();
    made.then(
      (dir) => response.end(dir),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('goldenUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    // Not waiting until it is made: a run may end before that, when it is interrupted.
    await world?.close();
  };
}
