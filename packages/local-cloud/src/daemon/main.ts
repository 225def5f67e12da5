import { mkdirSync } from 'node:fs';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { daemonVariable, ownerMark, processRef } from '../machines/process-table.ts';
import { type DaemonArguments, readArguments } from './arguments.ts';
import type { StartReport } from './client.ts';
import { type LocalCloud, startLocalCloud } from './cloud.ts';
import { type CloudDescriptor, descriptorFile, descriptorVersion } from './descriptor.ts';
import { writePrivate } from './identity.ts';
import { type Log, openLog } from './log.ts';

// The daemon's process: starts the cloud, says so in one line of JSON, and ends all at SIGTERM or SIGINT.

function say(report: StartReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function failed(error: unknown): StartReport {
  const known = error instanceof PipelineError;
  return {
    ready: false,
    error: {
      code: known ? error.code : 'local.start-failed',
      message: messageOf(error),
      fix: known ? error.fix : undefined,
      details: known ? error.details : [],
      outcome: known ? error.outcome : 'failed',
    },
  };
}

async function publish(dir: string, cloud: LocalCloud): Promise<void> {
  const { endpoint, region, credentials, block, controlToken } = cloud;
  const startTime = processRef(process.pid)?.start ?? '';
  const descriptor: CloudDescriptor = {
    pid: process.pid,
    startTime,
    endpoint,
    region,
    ...credentials,
    block,
    controlToken,
    version: descriptorVersion,
  };
  await writePrivate(descriptorFile(dir), descriptor);
}

/** Ends the cloud once; a second signal ends the process at once. The descriptor stays: its process is gone, and that says all. */
function endOnSignals(cloud: LocalCloud, log: Log): void {
  let ending = false;
  const end = async (why: string, exitCode: number) => {
    if (ending) process.exit(exitCode || 1);
    ending = true;
    log.write(`stopping: ${why}`);
    await cloud.close().catch(log.report);
    log.write('stopped');
    await log.close();
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(signal, 0));
  process.on('uncaughtException', (error) => {
    log.report(error);
    void end('an error that nothing caught', 1);
  });
}

async function main(): Promise<void> {
  let options: DaemonArguments;
  try {
    options = readArguments(process.argv.slice(2));
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    // Whatever it starts inherits that, so that what outlives a killed daemon can be told from other processes.
    Object.assign(process.env, ownerMark(options.dir));
    delete process.env[daemonVariable];
  } catch (error) {
    say(failed(error));
    process.exitCode = 2;
    return;
  }
  const log = openLog(options.dir);
  try {
    const cloud = await startLocalCloud({ ...options, report: log.report });
    endOnSignals(cloud, log);
    await publish(options.dir, cloud);
    log.write(`ready at ${cloud.endpoint}, block 127.${cloud.block}, after ${Math.round(cloud.status().readyMs)} ms`);
    say({ ready: true });
  } catch (error) {
    log.report(error);
    await log.close();
    say(failed(error));
    // What was starting may still hold handles; everything that mattered has been stopped.
    process.stdout.end(() => process.exit(1));
  }
}

await main();
