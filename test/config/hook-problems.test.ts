import { describe, expect, it } from 'vitest';
import { hookProblems } from '../../src/config/hook-problems.ts';

const check = (...hooks: Parameters<typeof hookProblems>[0]['hooks']) =>
  hookProblems({ hooks }, ['stop', 'start', 'notify'], (path) => path).map(({ text }) => text);

describe('release.hooks', () => {
  it('accepts a task at a point, and one that is undone at a later point', () => {
    expect(check({ at: 'after-verify', run: 'notify' })).toEqual([]);
    expect(check({ at: 'before-detach', run: 'stop tickets', undo: 'start tickets' })).toEqual([]);
    expect(check({ at: 'before-detach', run: 'stop', undo: 'start', until: 'before-roll' })).toEqual([]);
  });

  it('refuses tasks that are not in the file', () => {
    expect(check({ at: 'before-roll', run: 'halt tickets', undo: 'resume' })).toEqual([
      'release.hooks.0.run: "halt tickets", expected a task of this file (stop, start, notify)',
      'release.hooks.0.undo: "resume", expected a task of this file (stop, start, notify)',
    ]);
  });

  it('refuses an undo that would run before its task, and an end without an undo', () => {
    expect(check({ at: 'before-roll', run: 'stop', undo: 'start', until: 'before-detach' })).toEqual([
      'release.hooks.0.until: "before-detach", expected a point after before-roll',
    ]);
    expect(check({ at: 'after-verify', run: 'stop', undo: 'start' })).toEqual([
      'release.hooks.0.at: "after-verify", expected a point before after-verify, when undo runs',
    ]);
    expect(check({ at: 'before-detach', run: 'notify', until: 'after-verify' })).toEqual([
      'release.hooks.0.until: "after-verify", expected only beside undo',
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
      `release.hooks.0.run: "notify", expected a command at on-failure, such as { command: ['bin/announce'] }, as the run with its journal has ended by then`,
    ]);
    expect(check({ at: 'on-rollback', run: local, undo: local, until: 'after-verify' })).toEqual([
      expect.stringMatching(/^release\.hooks\.0\.undo: .*expected no undo at on-rollback/),
      expect.stringMatching(/^release\.hooks\.0\.until: "after-verify", expected no end at on-rollback/),
    ]);
  });

  it('have an undo that runs after them', () => {
    expect(check({ at: 'before-detach', run: local, undo: local, until: 'before-stage' })).toEqual([
      'release.hooks.0.until: "before-stage", expected a point after before-detach',
    ]);
  });
});
