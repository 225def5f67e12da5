import { createHash } from 'node:crypto';
import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Notification } from '../../ledger/notification.ts';
import { type Instant, instantOf } from '../../shared/instant.ts';
import { DeliveryError } from '../delivery-error.ts';
import type { Target } from '../target.ts';

/** OpenTelemetry over HTTP with JSON: one trace for a run, a span for each of its steps. Ids are made of the run's, so a second copy is the same trace. */
export const otlp: Target<TargetSettings<'otlp'>> = {
  to: 'otlp',
  events: () => ['released', 'rolled-back', 'failed', 'scale'],
  async deliver(notification, _previous, { settings: { url, token }, http }) {
    const { json } = await http({
      method: 'POST',
      url: `${url.replace(/\/+$/, '')}/v1/traces`,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: { resourceSpans: [resource(notification)] },
    });
    const { rejectedSpans = 0, errorMessage } = (json.partialSuccess ?? {}) as Record<string, unknown>;
    if (Number(rejectedSpans) > 0) throw new DeliveryError('refused', `the spans were rejected: ${errorMessage}`);
    return undefined;
  },
};

function resource(notification: Notification): object {
  const { app = 'pipeline', environment } = notification;
  return {
    resource: {
      attributes: attributes({ 'service.name': 'golden-pipeline', 'deployment.environment.name': environment }),
    },
    scopeSpans: [{ scope: { name: 'golden-pipeline' }, spans: spans(notification, app) }],
  };
}

function spans({ id, occasion, run, at, version, commit, error }: Notification, app: string): object[] {
  const traceId = hash(run?.id ?? id, 32);
  const root = hash(`${run?.id ?? id} run`, 16);
  const end = instantOf(at);
  const start = run ? instantOf(run.startedAt) : end;
  const status = occasion === 'failed' ? { code: 2, message: error?.message ?? '' } : { code: 1 };
  const facts = {
    'pipeline.app': app,
    'pipeline.version': version,
    'pipeline.run': run?.id,
    'vcs.ref.head.revision': commit,
  };
  const whole = { traceId, spanId: root, name: run?.operation ?? occasion, kind: 1, ...between(start, end), status };
  return [{ ...whole, attributes: attributes(facts) }, ...stepSpans(run, { traceId, root, start, end })];
}

/** A record has how long a step took and not when it began: they are drawn one after the other, and none beyond the end of the run. */
function stepSpans(
  run: Notification['run'],
  { traceId, root, start, end }: { traceId: string; root: string; start: Instant; end: Instant },
): object[] {
  let next = start;
  const taken = (run?.steps ?? []).filter(({ seconds, status }) => seconds > 0 || status === 'failed');
  return taken.map(({ id, title, status, seconds }) => {
    const began = Math.max(start, Math.min(next, end - seconds * 1000));
    next = began + seconds * 1000;
    return {
      ...{ traceId, spanId: hash(`${run?.id} ${id}`, 16), parentSpanId: root, name: title, kind: 1 },
      ...between(began, Math.min(next, end)),
      attributes: attributes({ 'pipeline.step': id, 'pipeline.step.status': status }),
      status: { code: status === 'failed' ? 2 : 1 },
    };
  });
}

const nano = (instant: Instant): string => `${Math.round(instant)}000000`;
const between = (from: Instant, to: Instant) => ({ startTimeUnixNano: nano(from), endTimeUnixNano: nano(to) });
const hash = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits);

function attributes(facts: Readonly<Record<string, string | undefined>>): object[] {
  return Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: { stringValue: value } }],
  );
}
