import { expect, test } from 'vitest';
import { EventHub, type EventReader } from '../../src/engine/event-hub.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { goodRun } from '../cli/support/recorded.ts';

function keeping(): EventReader & { seen: RunEvent[]; closed: number } {
  const view = {
    seen: [] as RunEvent[],
    closed: 0,
    on: (event: RunEvent) => void view.seen.push(event),
    close: async () => void view.closed++,
  };
  return view;
}

test('every view receives every event in order, and is closed once', async () => {
  const views = [keeping(), keeping()];
  const hub = new EventHub(views, () => expect.unreachable());
  for (const event of goodRun) hub.emit(event);
  await hub.close();
  await hub.close();
  for (const view of views) {
    expect(view.seen).toEqual(goodRun);
    expect(view.closed).toBe(1);
  }
});

test('a view that throws is dropped and reported once, and the run and the other views continue', async () => {
  const reported: unknown[] = [];
  const broken: EventReader = {
    on: () => {
      throw new Error('disk full');
    },
    close: async () => undefined,
  };
  const good = keeping();
  const hub = new EventHub([broken, good], (error) => reported.push(error));
  for (const event of goodRun) hub.emit(event);
  await hub.close();
  expect(reported).toEqual([new Error('disk full')]);
  expect(good.seen).toHaveLength(goodRun.length);
});

test('a view that cannot be closed does not keep the others open', async () => {
  const reported: unknown[] = [];
  const broken: EventReader = { on: () => undefined, close: () => Promise.reject(new Error('gone')) };
  const good = keeping();
  await new EventHub([broken, good], (error) => reported.push(error)).close();
  expect(good.closed).toBe(1);
  expect(reported).toEqual([new Error('gone')]);
});
