// Writes packages/local-cloud/src/wire/shapes.generated.json: the request and answer shapes of the served operations, taken from the
// SDK's own schemas, so that the local cloud need not load the clients. With --check it only says whether the file is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NormalizedSchema } from '@smithy/core/schema';
import { createJiti } from 'jiti';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const root = new URL('../', import.meta.url);
const target = new URL('packages/local-cloud/src/wire/shapes.generated.json', root);
const { check } = parseArgs({ options: { check: { type: 'boolean' } } }).values;

/** Service -> its SDK package and the client that knows the API's version; `rpc` where it speaks JSON and CBOR as well. */
const packages = {
  ec2: { name: '@aws-sdk/client-ec2', client: 'EC2Client', protocol: 'ec2' },
  autoscaling: { name: '@aws-sdk/client-auto-scaling', client: 'AutoScalingClient', protocol: 'query' },
  elasticloadbalancing: {
    name: '@aws-sdk/client-elastic-load-balancing-v2',
    client: 'ElasticLoadBalancingV2Client',
    protocol: 'query',
  },
  monitoring: { name: '@aws-sdk/client-cloudwatch', client: 'CloudWatchClient', protocol: 'query', rpc: true },
  sts: { name: '@aws-sdk/client-sts', client: 'STSClient', protocol: 'query' },
  iam: { name: '@aws-sdk/client-iam', client: 'IAMClient', protocol: 'query' },
  ssm: { name: '@aws-sdk/client-ssm', client: 'SSMClient', protocol: 'json', rpc: true },
  secretsmanager: {
    name: '@aws-sdk/client-secrets-manager',
    client: 'SecretsManagerClient',
    protocol: 'json',
    rpc: true,
  },
};

/** The file's text, one shape a line so that a new SDK makes a readable difference. */
async function generate() {
  const { operations } = await createJiti(import.meta.url, { fsCache: false }).import(
    fileURLToPath(new URL('packages/local-cloud/src/wire/operations.ts', root)),
  );
  const services = {};
  for (const [service, names] of Object.entries(operations)) {
    services[service] = extract(await import(packages[service].name), packages[service], names);
  }
  return `${JSON.stringify(services, null, 1)}\n`;
}

function extract(sdk, { client, protocol, rpc }, names) {
  const {
    xmlNamespace = '',
    version,
    serviceTarget,
  } = new sdk[client]({ region: 'eu-west-1' }).config.protocolSettings;
  const shapes = new Map();
  const served = {};
  for (const name of names.toSorted()) {
    const operation = sdk[`${name}$`];
    if (!operation) throw new Error(`${client} has no operation ${name}`);
    const side = (schema) => {
      const normalized = NormalizedSchema.of(schema);
      return normalized.isUnitSchema() ? '-' : typeOf(normalized, protocol, shapes);
    };
    served[name] = `${side(operation[4])} ${side(operation[5])}`;
  }
  const sorted = [...shapes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    protocol,
    version,
    xmlNamespace,
    ...(rpc && { target: serviceTarget }),
    operations: served,
    shapes: Object.fromEntries(sorted),
  };
}

/** A simple type's letter, `[]` or `{}` before it for plain lists and maps, or the name of a shape, which is then collected. */
function typeOf(schema, protocol, shapes) {
  const definition = schema.getSchema();
  if (typeof definition === 'number') {
    if (schema.isMapSchema()) return `{}${typeOf(schema.getValueSchema(), protocol, shapes)}`;
    if (schema.isListSchema()) return `[]${typeOf(schema.getValueSchema(), protocol, shapes)}`;
    const letter = { 0: 's', 1: 'n', 2: 'b', 4: 't', 21: 'x' }[definition];
    if (!letter) throw new Error(`${schema.getName(true)}: type ${definition} is not known here`);
    return letter;
  }
  const name = schema.getSchema()[2];
  const traits = schema.getMemberTraits();
  if (schema.getMergedTraits().xmlFlattened || traits.httpPayload || traits.timestampFormat) {
    throw new Error(`${schema.getName(true)}: a trait that the wire does not serve`);
  }
  if (!shapes.has(name)) {
    // Known before it is walked: shapes may refer to themselves.
    shapes.set(name, '');
    shapes.set(name, shapeOf(schema, protocol, shapes));
  }
  return name;
}

/**
 * `list <type> <item>`, `map <type> <key> <value>` or `struct <required> <member>...`, where the first <required> members must
 * be sent and a member is `Name:type[:key in XML[:key in a request]]`, keys as in wire/shapes.ts.
 */
function shapeOf(schema, protocol, shapes) {
  const inner = (part) => typeOf(part, protocol, shapes);
  const key = (part, otherwise) => part.getMergedTraits().xmlName ?? otherwise;
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return `list ${inner(item)} ${key(item, 'member')}`;
  }
  if (schema.isMapSchema()) {
    const value = schema.getValueSchema();
    return `map ${inner(value)} ${key(schema.getKeySchema(), 'key')} ${key(value, 'value')}`;
  }
  const members = [...schema.structIterator()].map(([name, member]) => {
    const { xmlName, ec2QueryName } = member.getMergedTraits();
    const xml = xmlName ?? name;
    const request = protocol === 'ec2' ? (ec2QueryName ?? capitalised(xml)) : xml;
    const parts = [name, inner(member)];
    if (request !== (protocol === 'ec2' ? capitalised(xml) : xml)) parts.push(xml, request);
    else if (xml !== name) parts.push(xml);
    return parts.join(':');
  });
  return ['struct', schema.getSchema()[6] ?? 0, ...members].join(' ');
}

function capitalised(text) {
  return text[0].toUpperCase() + text.slice(1);
}

const text = await generate();
const current = readOr(target) === text;
if (check) {
  if (!current) {
    console.error('stale: packages/local-cloud/src/wire/shapes.generated.json (run node scripts/extract-shapes.mjs)');
    process.exitCode = 1;
  }
} else if (!current) {
  writeFileSync(target, text);
  console.log(`wrote shapes.generated.json (${Math.round(text.length / 1024)} KiB)`);
}

/** The file's text; undefined when there is none yet. */
function readOr(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
