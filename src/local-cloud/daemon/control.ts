import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CloudState } from '../model.ts';

/** What `/_local/status` answers. */
export interface CloudStatus {
  endpoint: string;
  region: string;
  block: number;
  driver: 'sandbox' | 'simulated';
  /** Milliseconds of real time since the cloud began to start, and how long that took. */
  upMs: number;
  readyMs: number;
  /** Calls answered so far. */
  calls: number;
  counts: Record<string, number>;
  machines: { id: string; state: string; address: string; imageId: string; group?: string }[];
}

/** Numbers and machines of a cloud's state. */
export function countState(state: CloudState): Pick<CloudStatus, 'counts' | 'machines'> {
  const live = Object.values(state.instances).filter((i) => i.state !== 'terminated');
  return {
    counts: {
      instances: live.length,
      images: Object.values(state.images).filter((i) => i.state !== 'deregistered').length,
      launchTemplates: Object.keys(state.launchTemplates).length,
      groups: Object.keys(state.groups).length,
      targetGroups: Object.keys(state.targetGroups).length,
      loadBalancers: Object.keys(state.loadBalancers).length,
    },
    machines: live.map((i) => ({
      id: i.id,
      state: i.state,
      address: i.address,
      imageId: i.imageId,
      group: i.tags['aws:autoscaling:groupName'],
    })),
  };
}

/** Answers the paths under `/_local/`; false for those it does not know. */
export function controlPaths(status: () => CloudStatus) {
  return (request: IncomingMessage, response: ServerResponse, path: string): boolean => {
    if (path !== '/_local/status') return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return true;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(status()));
    return true;
  };
}
