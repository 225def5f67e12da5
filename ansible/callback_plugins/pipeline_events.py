"""Writes what a play does as NDJSON to the file that PIPELINE_EVENTS_FILE names; does nothing without it."""
from __future__ import annotations

import json
import os
import time

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

DOCUMENTATION = '''
    name: pipeline_events
    type: notification
    short_description: one JSON object per line for every task that starts and ends
    description:
      - Each line has C(event) (task, ok, skipped, failed, unreachable, done). C(task) has C(name) and C(index); an end has
        C(host), C(task), C(seconds) and, for a failure, C(msg) and the tails of C(stderr) and C(stdout).
      - All of these have C(module), fully qualified where Ansible knows it, and within a role C(role) and its C(folder). The end of what
        may have changed something has C(paths), the files that the module says it works on; it is empty where that is not known.
      - What cleans a host has C(lost), what it has removed and a boot does not make again (roles/release/files/clean.py).
    requirements: [enabled in callbacks_enabled]
'''

# They only include other tasks, and are not progress by themselves.
STRUCTURE = ('include_tasks', 'include_role', 'import_tasks', 'import_role', 'meta')
TAIL_LINES = 40
TAIL_CHARACTERS = 4000


def tail(text):
    """The end of a program's output."""
    return '\n'.join(str(text or '').splitlines()[-TAIL_LINES:])[-TAIL_CHARACTERS:]


def origin(task):
    """Which module a task runs, and of which role it is."""
    module = str(getattr(task, 'resolved_action', None) or task.action)
    role = task._role
    return {'module': module} if role is None else {'module': module, 'role': str(role.get_name()), 'folder': str(role._role_path)}


def paths_of(outcome):
    """The paths that a module, or each item of its loop, reports; none unless all report them."""
    items = outcome.get('results')
    if isinstance(items, list):
        changed = [item for item in items if isinstance(item, dict) and (item.get('changed') or item.get('failed'))]
        found = [paths_of(item) for item in changed]
        return [path for paths in found for path in paths] if all(found) else []
    arguments = (outcome.get('invocation') or {}).get('module_args') or {}
    named = [one.get(key) for one in (outcome, arguments) if isinstance(one, dict) for key in ('dest', 'path')]
    return sorted({path for path in named if isinstance(path, str) and path})


def lost_of(task, outcome):
    """The result of the clean-up program, as fields of an event."""
    role = task._role
    if role is None or str(role.get_name()).split('.')[-1] != 'release':
        return {}
    lines = str(outcome.get('stdout') or '').splitlines()
    lost = [line[len('lost: '):] for line in lines if line.startswith('lost: ')]
    return {'lost': lost} if lost else {}


def preload():
    """Loads what every task needs. Each runs in a fork of this process, and would load it again: a tenth of a play's processor time."""
    try:
        connection_loader.get('ssh', class_only=True)
        # Any filter and any test load all of them.
        Templar(loader=DataLoader()).template("{{ 'x' | string if 'x' is match('x') else '' }}")
    except Exception:  # pylint: disable=broad-except
        # Without it a play is only slower: these are not interfaces that Ansible promises to keep.
        pass


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'pipeline_events'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        path = os.environ.get('PIPELINE_EVENTS_FILE')
        if not path:
            self.disabled = True
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, 'w', buffering=1, encoding='utf-8')
        self._started = {}
        self._index = 0
        preload()

    def _write(self, event, **fields):
        self._file.write(json.dumps({'event': event, **fields}, default=str) + '\n')

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._started[task._uuid] = time.monotonic()
        if task.action.split('.')[-1] in STRUCTURE:
            return
        self._write('task', name=task.name or task.action, index=self._index, **origin(task))
        self._index += 1

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def _end(self, event, result, **fields):
        seconds = time.monotonic() - self._started.get(result._task._uuid, time.monotonic())
        host = result._host.get_name()
        self._write(event, host=host, task=result.task_name, seconds=round(seconds, 3), **origin(result._task), **fields)

    def v2_runner_on_ok(self, result):
        if result._task.action.split('.')[-1] not in STRUCTURE:
            changed = bool(result._result.get('changed'))
            fields = {'paths': paths_of(result._result), **lost_of(result._task, result._result)} if changed else {}
            self._end('ok', result, changed=changed, **fields)

    def v2_runner_on_skipped(self, result):
        self._end('skipped', result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        # A failed loop says only that an item failed: the reason is in the item.
        outer = result._result
        inner = next((item for item in outer.get('results', []) if isinstance(item, dict) and item.get('failed')), outer)
        self._end(
            'failed',
            result,
            ignored=bool(ignore_errors),
            msg=str(inner.get('msg', outer.get('msg', ''))),
            stderr=tail(inner.get('stderr') or inner.get('module_stderr')),
            stdout=tail(inner.get('stdout') or inner.get('module_stdout')),
            rc=inner.get('rc'),
            paths=paths_of(outer),
        )

    def v2_runner_on_unreachable(self, result):
        self._end('unreachable', result, msg=str(result._result.get('msg', '')))

    def v2_playbook_on_stats(self, stats):
        self._write('done')
