import type { ServiceName } from './operations.ts';
import generated from './shapes.generated.json' with { type: 'json' };

/** How a service speaks: EC2's dialect of the query protocol, the plain one, or AWS JSON alone. */
export type Protocol = 'ec2' | 'query' | 'json';

/** A type as the table writes it: a letter of {@link simpleKinds}, `[]type`, `{}type`, or the name of a shape. */
export type TypeRef = string;

export interface Member {
  /** As in the SDK's objects. */
  readonly name: string;
  readonly type: TypeRef;
  /** Element name in answers. */
  readonly xmlKey: string;
  /** Parameter name in requests. */
  readonly requestKey: string;
}

export interface StructShape {
  readonly kind: 'struct';
  readonly members: readonly Member[];
  /** How many of the first members a request must hold. */
  readonly required: number;
  readonly byRequestKey: ReadonlyMap<string, Member>;
}

export interface ListShape {
  readonly kind: 'list';
  readonly of: TypeRef;
  /** Element name of an entry; the plain query protocol has it in requests too. */
  readonly item: string;
}

export interface MapShape {
  readonly kind: 'map';
  readonly of: TypeRef;
  readonly keyName: string;
  readonly valueName: string;
}

export type SimpleKind = 'string' | 'number' | 'boolean' | 'timestamp' | 'blob';

export type Shape = StructShape | ListShape | MapShape | { readonly kind: SimpleKind };

/** The part of the table that belongs to one service, as scripts/extract-shapes.mjs writes it. */
export interface ServiceDefinition {
  protocol: Protocol;
  version: string;
  xmlNamespace: string;
  /** What the newer protocols call the service; absent where they are not spoken. */
  target?: string;
  /** Operation to `<input> <output>`, `-` for none. */
  operations: Record<string, string>;
  shapes: Record<string, string>;
}

const simpleKinds: Record<string, SimpleKind> = { s: 'string', n: 'number', b: 'boolean', t: 'timestamp', x: 'blob' };

/** The shapes of one service; each is decoded when it is first used. */
export class ServiceShapes {
  readonly protocol: Protocol;
  readonly version: string;
  readonly xmlNamespace: string;
  readonly target: string | undefined;
  readonly #definition: ServiceDefinition;
  readonly #decoded = new Map<TypeRef, Shape>();

  constructor(definition: ServiceDefinition) {
    this.protocol = definition.protocol;
    this.version = definition.version;
    this.xmlNamespace = definition.xmlNamespace;
    this.target = definition.target;
    this.#definition = definition;
  }

  /** Input and output of an operation (absent when it has none); undefined for an operation without shapes here. */
  operation(name: string): { input?: TypeRef; output?: TypeRef } | undefined {
    if (!Object.hasOwn(this.#definition.operations, name)) return undefined;
    const [input, output] = (this.#definition.operations[name] ?? '').split(' ');
    return { input: input === '-' ? undefined : input, output: output === '-' ? undefined : output };
  }

  get operationNames(): string[] {
    return Object.keys(this.#definition.operations);
  }

  shape(type: TypeRef): Shape {
    let shape = this.#decoded.get(type);
    if (!shape) {
      shape = this.#decode(type);
      this.#decoded.set(type, shape);
    }
    return shape;
  }

  #decode(type: TypeRef): Shape {
    const simple = simpleKinds[type];
    if (simple) return { kind: simple };
    if (type.startsWith('[]')) return { kind: 'list', of: type.slice(2), item: 'member' };
    if (type.startsWith('{}')) return { kind: 'map', of: type.slice(2), keyName: 'key', valueName: 'value' };
    const [kind, ...words] = (this.#definition.shapes[type] ?? '').split(' ');
    if (kind === 'struct') return this.#decodeStruct(words);
    const [of = '', first = '', second = ''] = words;
    if (kind === 'list') return { kind, of, item: first };
    if (kind === 'map') return { kind, of, keyName: first, valueName: second };
    throw new Error(`no shape ${type}`);
  }

  #decodeStruct([required, ...words]: string[]): StructShape {
    const members = words.map((word): Member => {
      const [name = '', type = '', xmlKey = name, requestKey] = word.split(':');
      return { name, type, xmlKey, requestKey: requestKey ?? (this.protocol === 'ec2' ? capitalized(xmlKey) : xmlKey) };
    });
    return {
      kind: 'struct',
      members,
      required: Number(required),
      byRequestKey: new Map(members.map((member) => [member.requestKey, member])),
    };
  }
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The shapes of every service, from the SDK's schemas. */
export const serviceShapes: Readonly<Record<ServiceName, ServiceShapes>> = {
  ec2: new ServiceShapes(generated.ec2 as ServiceDefinition),
  autoscaling: new ServiceShapes(generated.autoscaling as ServiceDefinition),
  elasticloadbalancing: new ServiceShapes(generated.elasticloadbalancing as ServiceDefinition),
  monitoring: new ServiceShapes(generated.monitoring as ServiceDefinition),
  sts: new ServiceShapes(generated.sts as ServiceDefinition),
  iam: new ServiceShapes(generated.iam as ServiceDefinition),
  ssm: new ServiceShapes(generated.ssm as ServiceDefinition),
  secretsmanager: new ServiceShapes(generated.secretsmanager as ServiceDefinition),
};
