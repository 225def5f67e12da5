"""Writes the contents of a playbook as JSON to the file that PIPELINE_LOOK_FILE names, in `ansible-playbook --list-tasks`."""
from __future__ import annotations

import json
import os

from ansible import context
from ansible.errors import AnsibleParserError
from ansible.playbook.block import Block
from ansible.playbook.helpers import load_list_of_tasks
from ansible.playbook.role import Role
from ansible.playbook.role.include import RoleInclude
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.template import Templar

DOCUMENTATION = '''
    name: pipeline_look
    short_description: what a playbook holds
    description:
      - Not a source of hosts. Ansible loads inventory plugins into the process of C(ansible-playbook) before it reads the playbook,
        with that process's own configuration, collections and search paths, and whatever Python it runs with.
      - The text of C(--list-tasks) lacks roles of unnamed tasks, modules of named ones, C(rescue), C(always), handlers, and what an
        C(include_role) leads to. With C(--list-tasks) Ansible makes no task queue, so nothing can be run and no host is contacted.
    options: {}
'''

# Variables by which a role decides whether it changes the host, and what it removes from one that becomes an image.
DECIDING = {
    'node': ['node_major'],
    'python': ['python_minimum'],
    'release': ['release_clean', 'release_clean_made_at_boot', 'release_clean_shared', 'release_clean_keep'],
}
INCLUDES = ('include_tasks', 'include_role', 'include')


class InventoryModule(BaseInventoryPlugin):
    NAME = 'pipeline_look'

    def verify_file(self, path):
        return os.path.basename(path) == 'pipeline-look'

    def parse(self, inventory, loader, path, cache=True):
        if not context.CLIARGS.get('listtasks'):
            raise AnsibleParserError('pipeline_look works in ansible-playbook --list-tasks only')
        from ansible.cli import playbook as cli

        class Looking(cli.PlaybookExecutor):
            def run(self):
                listed = super().run()
                if not isinstance(listed, list):
                    return listed
                look = Look(self._variable_manager, self._loader, self._inventory)
                plays = [look.play(one['playbook'], play) for one in listed for play in one['plays']]
                with open(os.environ['PIPELINE_LOOK_FILE'], 'w', encoding='utf-8') as file:
                    json.dump({'plays': plays}, file, default=str)
                return 0

        cli.PlaybookExecutor = Looking


def text_of(value):
    """The value for a role; lists as JSON."""
    return json.dumps(value, default=str) if isinstance(value, (list, dict)) else str(value)


class Tasks:
    """Tasks in the shape of a block."""
    rescue = always = ()

    def __init__(self, tasks):
        self.block = tasks


class Look:
    def __init__(self, variable_manager, loader, inventory):
        self._variables = variable_manager
        self._loader = loader
        self._hosts = inventory.get_hosts()

    def play(self, playbook, play):
        # The search paths for roles and files beside the playbook, as in ansible-playbook.
        self._loader.set_basedir(play._included_path or os.path.realpath(os.path.dirname(playbook)))
        self._play = play
        # Tasks excluded by tags, such as `never`, do not run.
        known = self._variables.get_vars(play=play)
        tasks = []
        for block in play.compile():
            tasks += self._block(block.filter_tagged_tasks(known))
        for block in play.compile_roles_handlers() + list(play.handlers):
            tasks += self._block(block, handler=True)
        hosts = play.hosts if isinstance(play.hosts, list) else [play.hosts]
        return {'name': str(play.get_name()), 'hosts': [str(host) for host in hosts], 'tasks': tasks}

    def _block(self, block, chain=(), handler=False):
        for item in [*block.block, *block.rescue, *block.always]:
            if isinstance(item, Block):
                yield from self._block(item, chain, handler)
            elif not getattr(item, 'implicit', False):
                yield from self._task(item, chain, handler)

    def _task(self, task, chain, handler):
        module = str(getattr(task, 'resolved_action', None) or task.action)
        short = module.split('.')[-1]
        role = task._role
        name = str(task.name or '')
        found = {'name': name, 'module': module, 'handler': handler, 'at': str(task.get_path() or '')}
        if role is not None:
            found['role'] = str(role.get_name())
            found['folder'] = str(role._role_path)
            # As import_role names it; the role's own tasks are in `main`.
            entry = str((role._from_files or {}).get('tasks') or 'main')
            if os.path.splitext(entry)[0] != 'main':
                found['entry'] = entry
        if short in INCLUDES:
            # A recursive include is followed once.
            target = None if found['at'] in chain else self._included(task, short)
            # The included tasks are in the list instead.
            if target is not None:
                for block in target:
                    yield from self._block(block, (*chain, found['at']), handler)
                return
            found['includes'] = str(task.args.get('name') or task.args.get('role') or task.args.get('_raw_params') or
                                    task.args.get('file') or '')
        deciding = self._deciding(task, found.get('role', '').split('.')[-1])
        if deciding:
            found['variables'] = deciding
        yield found

    def _included(self, task, short):
        """The tasks of an include with a fixed name, as blocks; None where the name is dynamic, or the file is missing."""
        try:
            if short == 'include_role':
                return self._included_role(task)
            return [self._included_tasks(task)]
        except Exception:
            return None

    def _included_role(self, task):
        name = task.args.get('name') or task.args.get('role')
        if '{{' in name or any(key.endswith('_from') for key in task.args):
            return None
        include = RoleInclude.load(name, play=self._play, variable_manager=self._variables, loader=self._loader)
        role = Role.load(include, self._play)
        return role.compile(play=self._play, dep_chain=[]) + role.get_handler_blocks(play=self._play)

    def _included_tasks(self, task):
        file = task.args.get('file') or task.args.get('_raw_params')
        if '{{' in file:
            raise ValueError(file)
        # Handled like an import, which Ansible reads at once.
        block = task._parent
        tasks = load_list_of_tasks([{'ansible.builtin.import_tasks': file}], play=self._play, block=block, role=task._role,
                                   variable_manager=self._variables, loader=self._loader)
        return Tasks(tasks)

    def _deciding(self, task, role):
        names = DECIDING.get(role, [])
        if not names or not self._hosts:
            return None
        try:
            known = self._variables.get_vars(play=self._play, host=self._hosts[0], task=task)
            templar = Templar(loader=self._loader, variables=known)
            return {name: text_of(templar.template('{{ ' + name + ' }}')) for name in names}
        except Exception:
            return None
