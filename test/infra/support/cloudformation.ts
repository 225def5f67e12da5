import { isDeepStrictEqual } from 'node:util';
import type { Template } from 'aws-cdk-lib/assertions';
import type { AwsClients } from '../../../src/aws/clients.ts';
import { kinds, type Properties } from './resource-kinds.ts';

interface Resource {
  Type: string;
  Properties?: Properties;
  DependsOn?: string[];
  UpdatePolicy?: { AutoScalingScheduledAction?: { IgnoreUnmodifiedGroupSizeProperties?: boolean } };
}

/** A resource that a deploy has made or changed. */
interface Known {
  ref: string;
  /** Read when the resource itself was made or changed, and never else: that is how `Fn::GetAtt` works. */
  attributes: Record<string, string>;
  properties: Properties;
}

const sizes = ['MinSize', 'MaxSize', 'DesiredCapacity'];

/**
 * Does with the resources of a fleet's stack what CloudFormation does: resolves them in the order of their dependencies, makes
 * what is new, and sends every property of what differs from the deploy before. What stays the same is neither sent nor read.
 * Roles, alarms and the like are names only.
 */
export class CloudFormation {
  readonly #known = new Map<string, Known>();
  readonly #aws: AwsClients;
  readonly #parameters: Record<string, string>;
  /** Logical ids of what was made or changed, in order. */
  readonly changed: string[] = [];
  /**
   * Whether sizes that the template has not changed are held back, as the update policy asks. The documentation promises it for
   * groups with a scheduled action; without one, everything is sent.
   */
  heedsUpdatePolicy = true;

  constructor(aws: AwsClients, parameters: Record<string, string>) {
    this.#aws = aws;
    this.#parameters = parameters;
  }

  /** Logical ids of what this deploy has made or changed, in order. */
  async deploy(template: Template): Promise<string[]> {
    const resources: Record<string, Resource> = template.toJSON().Resources;
    this.changed.length = 0;
    const done = new Set<string>();
    const visit = async (id: string): Promise<void> => {
      const resource = resources[id];
      if (!resource || done.has(id)) return;
      done.add(id);
      for (const other of [...(resource.DependsOn ?? []), ...mentioned(resource.Properties)]) await visit(other);
      await this.#apply(id, resource, resources);
    };
    for (const id of Object.keys(resources)) await visit(id);
    return [...this.changed];
  }

  async #apply(id: string, { Type, Properties = {}, UpdatePolicy }: Resource, all: Record<string, Resource>) {
    const kind = Type.startsWith('Custom::') ? kinds.custom : kinds[Type];
    const properties = this.#resolve(Properties) as Properties;
    const before = this.#known.get(id);
    if (before && isDeepStrictEqual(before.properties, properties)) return;
    this.changed.push(id);
    if (!kind) {
      this.#known.set(id, { ref: id, attributes: {}, properties });
      return;
    }
    const call = {
      aws: this.#aws,
      properties,
      before: before?.properties,
      ref: before?.ref,
      code: codeOf(all),
      type: Type,
    };
    if (before && this.heedsUpdatePolicy && UpdatePolicy?.AutoScalingScheduledAction) {
      const kept = sizes.filter((name) => isDeepStrictEqual(before.properties[name], properties[name]));
      call.properties = Object.fromEntries(Object.entries(properties).filter(([name]) => !kept.includes(name)));
    }
    this.#known.set(id, { ...(before ? await kind.update(call) : await kind.create(call)), properties });
  }

  #resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#resolve(one));
    if (typeof value !== 'object' || value === null) return value;
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
    if (typeof Ref === 'string') return this.#parameters[Ref] ?? this.#known.get(Ref)?.ref ?? Ref;
    if (Array.isArray(attribute)) {
      const [id, name] = attribute as [string, string];
      return this.#known.get(id)?.attributes[name] ?? `${id}.${name}`;
    }
    if (Array.isArray(join)) return (this.#resolve(join[1]) as string[]).join(join[0] as string);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#resolve(one)]));
  }
}

/** Logical ids that some properties depend on. */
function mentioned(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mentioned);
  if (typeof value !== 'object' || value === null) return [];
  const { Ref, 'Fn::GetAtt': attribute } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return [Ref];
  if (Array.isArray(attribute)) return [String(attribute[0])];
  return Object.values(value).flatMap(mentioned);
}

/** The code of the function that answers for custom resources. */
function codeOf(resources: Record<string, Resource>): string {
  const found = Object.values(resources).find((one) => one.Type === 'AWS::Lambda::Function');
  return String((found?.Properties?.Code as Properties | undefined)?.ZipFile ?? '');
}
