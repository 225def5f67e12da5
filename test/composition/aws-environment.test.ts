import { expect, test } from 'vitest';
import { awsSettings, localEndpoint } from '../../src/composition/aws-environment.ts';
import { cloudTarget } from '../../src/composition/services.ts';
import { fakeContext } from '../cli/support/fake-context.ts';

test.each([
  ['AWS_DEFAULTS_MODE', 'fast', 'in-region'],
  ['AWS_USE_FIPS_ENDPOINT', 'maybe', 'true or false'],
  ['AWS_USE_DUALSTACK_ENDPOINT', '1', 'true or false'],
  ['AWS_ENDPOINT_URL', 'localhost:4566', 'a URL'],
  ['AWS_ENDPOINT_URL_AUTO_SCALING', 'ftp://example.com', 'a URL'],
])('%s=%s is refused for AWS with what is expected', (name, value, expected) => {
  expect(() => awsSettings({ [name]: value })).toThrowError(
    expect.objectContaining({
      code: 'aws.environment',
      outcome: 'usage',
      message: expect.stringMatching(new RegExp(`^${name} is "${value}", expected .*${expected}`)),
    }),
  );
});

test('right values of the AWS environment are accepted, also empty ones', () => {
  const env = { AWS_USE_FIPS_ENDPOINT: 'TRUE', AWS_ENDPOINT_URL_EC2: 'https://ec2.example.com', AWS_ENDPOINT_URL: '' };
  expect(awsSettings({ ...env, AWS_DEFAULTS_MODE: 'Standard' })).toEqual({ defaultsMode: 'standard' });
  expect(awsSettings({ AWS_DEFAULTS_MODE: '' })).toEqual({});
});

test.each(['http://127.0.0.1:4566', 'http://localhost:1', 'http://[::1]:1', 'http://127.10.2.1:8080'])(
  'a local environment uses AWS_ENDPOINT_URL=%s on loopback',
  (url) => expect(localEndpoint({ AWS_ENDPOINT_URL: url })).toBe(url),
);

test.each(['https://ec2.eu-west-1.amazonaws.com', 'http://127.0.0.1.example.com', 'http://10.0.0.1', 'nonsense'])(
  'a local environment never leaves the local cloud for AWS_ENDPOINT_URL=%s',
  (url) => {
    expect(() => localEndpoint({ AWS_ENDPOINT_URL: url })).toThrowError(
      expect.objectContaining({ code: 'aws.environment', outcome: 'usage' }),
    );
  },
);

test('clients of a local environment get every setting that could lead them elsewhere', () => {
  const context = fakeContext([], {
    env: {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_ENDPOINT_URL_EC2: 'https://ec2.eu-west-1.amazonaws.com',
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
      AWS_USE_FIPS_ENDPOINT: 'true',
      AWS_DEFAULTS_MODE: 'fast',
    },
  });
  const fleet = { cloud: 'local', region: 'eu-west-1', projectDir: '/p', app: 'api', environment: 'local' } as const;
  expect(cloudTarget(context, fleet)).toEqual({
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:4566',
    defaultsMode: 'legacy',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  });
});
