import type { FaultRule, FaultView } from 'golden-pipeline-local-cloud/client';
import { columns } from './table.ts';
import { type Colors, duration } from './text.ts';

/** `error: operation CreateImage, rate 0.1`: a fault in a line. */
export function describeFault(fault: FaultRule): string {
  const facts = factsOf(fault);
  return facts === '' ? fault.kind : `${fault.kind}: ${facts}`;
}

/** Faults as a table. `now` is the reader's time, which is the cloud's too unless its clock is scaled. */
export function renderFaults(faults: FaultView[], colors: Colors, now: number): string {
  if (faults.length === 0) return 'no fault is on\n';
  const rows = faults.map((fault) => [fault.id, fault.kind, factsOf(fault), fault.hits, standing(fault, now)]);
  return `${columns(['ID', 'FAULT', 'WHAT', 'STRUCK', 'STATE'], rows, colors)}\n`;
}

function standing({ active, until }: FaultView, now: number): string {
  if (!active) return 'over';
  return until === undefined ? 'on' : `on for ${duration(Math.max(0, until - now) / 1000)}`;
}

function factsOf(fault: FaultRule): string {
  const { operation, service, region, zone, instance, image, group, type, alarm, rate, count, code, status, message } =
    fault;
  const named = {
    operation,
    service,
    region,
    zone,
    instance,
    image,
    group,
    type,
    alarm,
    rate,
    count,
    code,
    status,
    message,
  };
  const facts = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  if (fault.kind === 'throttle') {
    facts.push(fault.capacity === undefined ? 'published limits' : `bucket ${fault.capacity}/${fault.refill}`);
  }
  if (fault.delayMs !== undefined) facts.push(`delay ${duration(fault.delayMs / 1000)}`);
  if (fault.periodMs !== undefined) facts.push(`period ${duration(fault.periodMs / 1000)}`);
  return facts.join(', ');
}
