#!/usr/bin/env node
// Starts the bundled command line. Everything here runs before each command, so it stays tiny.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// Node 22.8 and later keep compiled code between starts; Node 20 has no such cache.
nodeModule.default.enableCompileCache?.();

const cli = new URL('../dist/cli.js', import.meta.url);
if (existsSync(cli)) {
  const { main } = await import(cli.href);
  await main();
} else {
  process.stderr.write(
    'error: the command line has not been built\nfix: run `npm run setup` (or `npm run build` when everything is installed)\n',
  );
  process.exitCode = 2;
}
