import { PipelineError } from '@golden-pipeline/shared/errors';
import { toPipelineError } from '../aws/errors.ts';
import { outageOf } from '../aws/outage.ts';
import { applyCommand, awsCommand } from '../config/aws-command.ts';
import { ledgerRoot } from '../config/collisions.ts';
import { observeFleet } from '../fleet/observe.ts';
import { shellQuote } from '../hosts/quote.ts';
import type { LockRecord } from '../ledger/types.ts';
import { credentialsCause, error, type Finding, ok, toFinding } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** What checks build on: without it each of them would only report that it is not there. */
export type Need = 'account' | 'ledger' | 'fleet';

/** What a foundation is called where checks that need it are skipped. */
export const needText: Readonly<Record<Need, string>> = {
  account: 'an AWS account that answers',
  ledger: 'the ledger',
  fleet: 'the fleet',
};

/** What was found of the foundations, which are checked before everything else. */
export interface Foundations {
  findings: Finding[];
  /** Those that are not there. */
  missing: Need[];
  lock?: LockRecord;
}

/** Checks account, ledger and fleet. Of what follows from another one that is not there, nothing is reported. */
export async function checkFoundations(services: DoctorServices): Promise<Foundations> {
  const account = await checkAccount(services);
  const inAccount = account.severity === 'ok';
  // A ledger in files is read without an account.
  const [{ lock, problem }, fleet] = await Promise.all([
    inAccount || services.fleet.ledger.type === 'files' ? readLock(services) : { lock: undefined, problem: undefined },
    inAccount ? checkFleet(services) : undefined,
  ]);
  const missing: Need[] = [];
  if (!inAccount) missing.push('account');
  if (fleet) missing.push('fleet');
  if (problem) missing.push('ledger');
  return {
    findings: [account, ...[problem, fleet].filter((one) => one !== undefined)],
    missing,
    ...(lock && { lock }),
  };
}

async function checkAccount(services: DoctorServices): Promise<Finding> {
  const { region, cloud } = services.fleet;
  try {
    const { account, arn } = await services.identity();
    return ok('account.identity', `${arn} in account ${account}, region ${region}`);
  } catch (reason) {
    const { message, fix = 'check the credentials and the region' } = toPipelineError(reason, 'GetCallerIdentity');
    const { kind, reason: why } = outageOf(reason) ?? {};
    const known = kind === 'credentials' ? 'no valid AWS credentials' : `AWS cannot be reached in ${region}`;
    const network = kind === 'network';
    return {
      ...error('account.identity', network || kind === 'credentials' ? `${known}: ${why}` : message, fix),
      cause: network ? `aws.network ${cloud} ${region}` : credentialsCause,
    };
  }
}

async function readLock({ ledger, fleet }: DoctorServices): Promise<{ lock?: LockRecord; problem?: Finding }> {
  try {
    const lock = await ledger.lockOf(fleet.app);
    return lock ? { lock } : {};
  } catch (reason) {
    const problem = toFinding('ledger', toPipelineError(reason, 'reading the ledger'));
    return { problem: { cause: `ledger ${ledgerRoot(fleet)} ${problem.message}`, ...problem } };
  }
}

/** Codes for a part of the fleet that was never created, or has been removed. */
const absent = /^(group|target-group|balancer|listener)\.missing$/;

async function checkFleet(services: DoctorServices): Promise<Finding | undefined> {
  try {
    await observeFleet(services);
    return undefined;
  } catch (reason) {
    const found = toFinding('fleet', toPipelineError(reason, 'reading the fleet'));
    if (!(reason instanceof PipelineError)) return found;
    if (reason.code === 'template.missing') return { ...found, id: 'fleet.template', fix: templateFix(services.fleet) };
    return absent.test(reason.code) ? { ...found, fix: `create it: ${applyCommand(services.fleet).apply}` } : found;
  }
}

/** A group that names a version which is gone can be given another one; the next release makes its own. */
function templateFix(fleet: DoctorServices['fleet']): string {
  const { group, launchTemplate } = fleet.names;
  const version = shellQuote(`LaunchTemplateName=${launchTemplate},Version=$Latest`);
  const words = `autoscaling update-auto-scaling-group --auto-scaling-group-name ${group} --launch-template ${version}`;
  return `let ${group} launch the newest version: ${awsCommand(fleet, words)}`;
}
