import fc from '@golden-pipeline/shared/testing/fast-check';
import { operations, type ServiceName } from '../../../src/wire/operations.ts';
import { type Member, type ServiceShapes, serviceShapes, type TypeRef } from '../../../src/wire/shapes.ts';

/** Services of the query protocol. Those that speak JSON alone are in daemon/fuzz-json.test.ts. */
export const serviceNames = (Object.keys(operations) as ServiceName[]).filter(
  (service) => serviceShapes[service].protocol !== 'json',
);

/** A request for any operation of any service, with some bytes of its body changed, taken out or put in, or none. */
export interface WildRequest {
  service: ServiceName;
  operation: string;
  /** Form text; what {@link knownValue} gave stands in it, percent-encoded. */
  body: string;
  changes: [at: number, byte: number, kind: number][];
}

/** A value that makes sense for a parameter, by its name without numbers and its kind; undefined for anything that fits. */
export type KnownValue = (name: string, kind: string) => fc.Arbitrary<string> | undefined;

/** Optional in the schemas, and yet seldom left out. */
const mostly = /^(AutoScalingGroupName|LaunchTemplateName|Protocol|Port|Subnets|Listener_?Arn|Group_?Name)$/i;

const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    '',
    '1',
    '-1e999',
    'true',
    '2026-01-01T00:00:00Z',
    '9999-99-99',
    'null',
    '__proto__',
    ']]>',
    '\u0000\u001f',
  ),
);

const fitting: Record<string, fc.Arbitrary<string>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 8 }),
  number: fc.integer().map(String),
  boolean: fc.constantFrom('true', 'false'),
  timestamp: fc.constant('2026-01-01T00:00:00.5Z'),
  blob: fc.constant('c3No'),
};

const rarely = <T>(odd: fc.Arbitrary<T>, else_: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 1, arbitrary: odd }, { weight: 25, arbitrary: else_ });

/** Parameters that fit the shape mostly: now and then a wrong value, an odd number, a stranger, or something left out. */
function parameters(
  shapes: ServiceShapes,
  type: TypeRef,
  prefix: string,
  known: KnownValue,
  depth = 0,
): fc.Arbitrary<string[]> {
  const shape = shapes.shape(type);
  const leaf = () => {
    const words = prefix.split('.').filter((part) => !/^(\d+|member)$/.test(part));
    const good = known(words.join('.'), shape.kind) ?? fitting[shape.kind] ?? scalar;
    return rarely(scalar, good).map((value) => [`${encode(prefix)}=${encode(value)}`]);
  };
  const below = (name: string, inner: TypeRef) =>
    depth > 6 ? leaf() : parameters(shapes, inner, prefix === '' ? name : `${prefix}.${name}`, known, depth + 1);
  if (shape.kind === 'struct' && shape.members.length > 0) {
    const { members, required } = shape;
    const ofMember = ({ requestKey, type: inner }: Member) => below(requestKey, inner);
    const some = fc.uniqueArray(fc.nat(members.length - 1), { minLength: 1, maxLength: depth === 0 ? 4 : 2 });
    const usual = members.flatMap(({ requestKey }, index) => (mostly.test(requestKey) ? [index] : []));
    const none = fc.constant<string[]>([]);
    const stranger = fc.constantFrom('Foo', '__proto__', 'constructor', '0').chain((name) => below(name, 's'));
    return some.chain((drawn) => {
      const wanted = [...new Set([...drawn, ...usual, ...members.slice(0, required).keys()])];
      const parts = wanted.flatMap((index) => members[index] ?? []).map((member) => rarely(none, ofMember(member)));
      return fc.tuple(...parts, rarely(stranger, none)).map((lists) => lists.flat());
    });
  }
  if (shape.kind === 'list') {
    const index = rarely(fc.constantFrom('0', '007', '-1', '999999999999', 'x'), fc.constantFrom('1', '2'));
    const item = shapes.protocol === 'ec2' ? '' : `${shape.item}.`;
    return index.chain((number) => below(`${item}${number}`, shape.of));
  }
  if (shape.kind === 'map') return below(`entry.1.${shape.keyName}`, 's');
  return leaf();
}

function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''));
}

/** Requests made from the shapes of all operations, most of them right, each with up to six bytes mutated. */
export function wildRequests(known: KnownValue = () => undefined): fc.Arbitrary<WildRequest> {
  const all = serviceNames.flatMap((service) => operations[service].map((operation) => ({ service, operation })));
  const form = fc.constantFrom(...all).chain(({ service, operation }) => {
    const shapes = serviceShapes[service];
    const input = shapes.operation(operation)?.input;
    const parts = input ? parameters(shapes, input, '', known) : fc.constant<string[]>([]);
    const head = [`Action=${operation}`, `Version=${shapes.version}`];
    return parts.map((list) => ({ service, operation, body: [...head, ...list].join('&') }));
  });
  const change = fc.tuple(fc.nat(), fc.nat(255), fc.nat(2));
  const changes = fc.oneof(
    { weight: 3, arbitrary: fc.constant<WildRequest['changes']>([]) },
    { weight: 1, arbitrary: fc.array(change, { maxLength: 6 }) },
  );
  return fc.tuple(form, changes).map(([request, changed]) => ({ ...request, changes: changed }));
}

/** The body as it is sent. */
export function bytesOf({ body, changes }: Pick<WildRequest, 'body' | 'changes'>): Buffer {
  const bytes = [...Buffer.from(body)];
  for (const [at, byte, kind] of changes) {
    bytes.splice(at % bytes.length, kind === 2 ? 0 : 1, ...(kind === 1 ? [] : [byte]));
  }
  return Buffer.from(bytes);
}
