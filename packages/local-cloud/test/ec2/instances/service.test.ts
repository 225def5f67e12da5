import { describe, expect, it } from 'vitest';
import { CloudError } from '../../../src/wire/handler.ts';
import { settled, setUp } from '../support.ts';

const launch = { count: 1, availabilityZone: 'eu-west-1b', subnetId: 'subnet-0a0a0a0a0a0a0a0a2', tags: {} };

async function template(fixture: ReturnType<typeof setUp>) {
  const { LaunchTemplate } = await fixture.send('CreateLaunchTemplate', {
    LaunchTemplateName: 'api',
    LaunchTemplateData: { ImageId: 'ami-0ba5e000000000001', InstanceType: 't3.small' },
  });
  return { id: LaunchTemplate.LaunchTemplateId, version: 1 };
}

describe('EC2 as Auto Scaling uses it', () => {
  it("launches the template's type, or another", async () => {
    const f = setUp();
    const launchTemplate = await template(f);
    const [own] = f.ec2.instances.launch({ ...launch, launchTemplate });
    const [other] = f.ec2.instances.launch({ ...launch, launchTemplate, instanceType: 'm5.large' });
    expect([own, other].map((id) => f.state.instances[id ?? '']?.instanceType)).toEqual(['t3.small', 'm5.large']);
  });

  it('switches instances off and on', async () => {
    const f = setUp();
    const [id = ''] = f.ec2.instances.launch({ ...launch, launchTemplate: await template(f) });
    f.ec2.instances.stop?.(id);
    expect(f.state.instances[id]?.state).toBe('pending');
    await f.clock.advance(settled);
    f.ec2.instances.stop?.(id);
    expect(f.state.instances[id]?.state).toBe('stopping');
    await f.clock.advance(settled);
    expect(f.state.instances[id]?.state).toBe('stopped');
    f.ec2.instances.start?.(id);
    expect(f.state.instances[id]?.state).toBe('pending');
    await f.clock.advance(settled);
    expect(f.state.instances[id]?.state).toBe('running');
  });

  it('does not start what has no room, and says so', async () => {
    const full = { on: false };
    const checkCapacity = () => {
      if (full.on) throw new CloudError('InsufficientInstanceCapacity', 'no room', 500);
    };
    const f = setUp(undefined, {
      faults: {
        checkCapacity,
        bake: () => ({ delayMs: 0, struck: [] }),
        drainsInFull: () => false,
        isAlarmRaised: () => false,
        onAlarm: () => undefined,
      },
    });
    const [id = ''] = f.ec2.instances.launch({ ...launch, launchTemplate: await template(f) });
    await f.clock.advance(settled);
    f.ec2.instances.stop?.(id);
    await f.clock.advance(settled);
    full.on = true;
    expect(() => f.ec2.instances.start?.(id)).toThrow('no room');
    expect(f.state.instances[id]?.state).toBe('stopped');
  });
});
