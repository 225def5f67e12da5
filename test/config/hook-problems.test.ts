import { describe, expect, it } from 'vitest';
import { hookProblems } from '../../src/config/hook-problems.ts';

type Hooks = NonNullable<Parameters<typeof hookProblems>[0]>['hooks'];

const found = (hooks: Hooks, written: unknown = hooks) =>
  hookProblems({ hooks }, ['stop', 'start', 'notify'], { release: { hooks: written } }, (path) => [...path]).map(
    ({ text }) => text,
  );

const check = (...hooks: Hooks) => found(hooks);

describe('release.hooks', () => {
  it('accepts a task at a point, and one that is undone at a later point', () => {
    expect(check({ at: 'after-verify', run: 'notify' })).toEqual([]);
    expect(check({ at: 'before-detach', run: 'stop tickets', undo: 'start tickets' })).toEqual([]);
    expect(check({ at: 'before-detach', run: 'stop', undo: 'start', until: 'before-roll' })).toEqual([]);
  });

  it('refuses tasks that are not in the file', () => {
    expect(check({ at: 'before-roll', run: 'halt tickets', undo: 'resume' })).toEqual([
      'release.hooks[0].run: "halt tickets", expected a task of this file (stop, start, notify)',
      'release.hooks[0].undo: "resume", expected a task of this file (stop, start, notify)',
    ]);
  });

  it('refuses an undo that would run before its task, and an end without an undo', () => {
    expect(check({ at: 'before-roll', run: 'stop', undo: 'start', until: 'before-detach' })).toEqual([
      'release.hooks[0].until: "before-detach", expected a point after before-roll',
    ]);
    expect(check({ at: 'after-verify', run: 'stop', undo: 'start' })).toEqual([
      'release.hooks[0].at: "after-verify", expected a point before after-verify, when undo runs',
    ]);
    expect(check({ at: 'before-detach', run: 'notify', until: 'after-verify' })).toEqual([
      'release.hooks[0].until: it says when undo runs, and this hook has no undo; add undo, or leave out until',
    ]);
  });
});

describe('commands in release.hooks', () => {
  const local = { command: ['bin/announce'], timeoutSeconds: 60 };

  it('are accepted at every point and end, with an undo at points', () => {
    expect(check({ at: 'before-stage', run: local, undo: local }, { at: 'after-verify', run: local })).toEqual([]);
    expect(check({ at: 'on-failure', run: local }, { at: 'on-rollback', run: local })).toEqual([]);
  });

  it('are the only thing at the end of a run, without an undo', () => {
    expect(check({ at: 'on-failure', run: 'notify' })).toEqual([
      `release.hooks[0].run: "notify", expected a command at on-failure, such as { command: ['bin/announce'] }, as the run with its journal has ended by then`,
    ]);
    expect(check({ at: 'on-rollback', run: local, undo: local, until: 'after-verify' })).toEqual([
      'release.hooks[0].undo: a hook at on-rollback is not undone, as the run has ended by then; leave out undo',
      'release.hooks[0].until: it says when undo runs, and a hook at on-rollback is not undone; leave out until',
    ]);
  });

  it('have an undo that runs after them', () => {
    expect(check({ at: 'before-detach', run: local, undo: local, until: 'before-stage' })).toEqual([
      'release.hooks[0].until: "before-stage", expected a point after before-detach',
    ]);
  });

  it('are shown as they are written, with the number of the hook', () => {
    const until = 'before-stage' as const;
    const hooks = [
      { at: 'before-stage' as const, run: local },
      { at: 'before-roll' as const, run: '  halt', undo: local, until },
    ];
    expect(found(hooks, [hooks[0], { ...hooks[1], run: 'halt all' }])).toEqual([
      'release.hooks[1].run: "halt all", expected a task of this file (stop, start, notify)',
      'release.hooks[1].until: "before-stage", expected a point after before-roll',
    ]);
  });
});
