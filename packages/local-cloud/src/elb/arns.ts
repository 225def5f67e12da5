import { createHash, randomBytes } from 'node:crypto';
import { account } from '../settings.ts';

const prefix = (region: string): string => `arn:aws:elasticloadbalancing:${region}:${account.id}`;
const unique = (): string => randomBytes(8).toString('hex');

export const loadBalancerArn = (region: string, name: string): string =>
  `${prefix(region)}:loadbalancer/app/${name}/${unique()}`;
export const targetGroupArn = (region: string, name: string): string =>
  `${prefix(region)}:targetgroup/${name}/${unique()}`;
export const listenerArn = (balancerArn: string): string =>
  `${balancerArn.replace(':loadbalancer/', ':listener/')}/${unique()}`;
export const ruleArn = (ofListener: string): string =>
  `${ofListener.replace(':listener/', ':listener-rule/')}/${unique()}`;

/** The default rule's ARN: it is not a record of its own, so it follows from its listener's. */
export function defaultRuleArn(ofListener: string): string {
  const id = createHash('sha256').update(ofListener).digest('hex').slice(0, 16);
  return `${ofListener.replace(':listener/', ':listener-rule/')}/${id}`;
}
