import { createHash } from 'node:crypto';

/** A short stable name from an ARN: ARNs come from callers and may hold anything, a digest cannot. */
function digest(arn: string): string {
  return createHash('sha256').update(arn).digest('hex').slice(0, 16);
}

export const backendName = (targetGroupArn: string): string => `tg-${digest(targetGroupArn)}`;
export const frontendName = (listenerArn: string): string => `ls-${digest(listenerArn)}`;
/** The map that holds the weights of one forward action, named after its rule or listener. */
export const mapFile = (ownerArn: string): string => `maps/${digest(ownerArn)}.map`;
/** A page of a fixed response; named by content, so that a reload reads the new one and the old worker keeps its own. */
export const pageFile = (body: string): string => `pages/${digest(body)}`;
