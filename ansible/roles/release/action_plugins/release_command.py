"""Runs a program on the host, sent and answered in one exchange over the connection."""
from __future__ import annotations

import json
import shlex

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

DOCUMENTATION = '''
    name: release_command
    short_description: runs a program on the host, without a module
    description:
      - What C(ansible.builtin.command) and C(ansible.builtin.shell) do, with the same results and the same skip in a check. Those send
        a module that the host's Python compiles anew in every task, some 0.1 s of processor time of a host that may serve.
      - The program, its input and its environment go through the connection's input, so no process list of the host shows them.
    options:
      argv: The program and its arguments, a list. This or C(script).
      script: Lines for C(/bin/sh). This or C(argv).
      stdin: What the program reads.
      stdin_file: A file of the controller that the program reads, whole in the controller's memory. This or C(stdin).
      chdir: Folder that it runs in.
'''

ARGUMENTS = {'argv', 'script', 'stdin', 'stdin_file', 'chdir'}

# Runs on the host, by whichever Python 3 is there; its own modules only. Its input is what it is given, of the length in its argument,
# and then that of the program, which goes on reading it. What is in the background when the program ends may keep its output open: it is
# not waited for. Input that the program has left is read to its end, or the sender would report a broken connection instead of the cause.
PROGRAM = '''
import json, os, selectors, subprocess, sys
length, text = int(sys.argv[1]), b""
while len(text) < length:
    part = os.read(0, length - len(text))
    if not part: sys.exit("the connection ended before the whole task was here")
    text += part
given = json.loads(text.decode())
def run(argv, chdir, environment):
    child = subprocess.Popen([word.encode() for word in argv], cwd=chdir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environb, **{name.encode(): value.encode() for name, value in environment.items()}})
    texts = {child.stdout: b"", child.stderr: b""}
    with selectors.DefaultSelector() as selector:
        for pipe in texts: selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            ended = child.poll() is not None
            ready = selector.select(0 if ended else 1)
            if ended and not ready: break
            for key, _ in ready:
                part = os.read(key.fd, 1 << 16)
                texts[key.fileobj] += part
                if not part: selector.unregister(key.fileobj)
    return child.wait(), texts[child.stdout], texts[child.stderr]
try:
    code, out, err = run(**given)
except OSError as error:
    code, out, err = 127, b"", ("%s: %s" % (os.fsdecode(error.filename or b"the program"), error.strerror)).encode()
except ValueError as error:
    code, out, err = 127, b"", str(error).encode()
while os.read(0, 1 << 16): pass
print(json.dumps({"rc": code, "stdout": out.decode(errors="replace"), "stderr": err.decode(errors="replace")}))
'''


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        self._check()
        given, stdin = self._given(), self._stdin()
        if self._task.check_mode:
            return {**result, 'rc': 0, 'stdout': '', 'stderr': '', 'changed': False, 'skipped': True,
                    'msg': 'Command would have run if not in check mode'}
        header = json.dumps(given).encode()
        # -I: nothing of the user's own settings; -S: nothing of site-packages.
        words = (*self._python(task_vars or {}), '-I', '-S', '-c', PROGRAM, str(len(header)))
        command = ' '.join(shlex.quote(word) for word in words)
        ended = self._read(self._low_level_execute_command(command, in_data=header + stdin))
        return {**result, **ended, 'changed': True, 'cmd': given['argv'],
                **({'failed': True, 'msg': 'non-zero return code'} if ended['rc'] != 0 else {})}

    def _check(self):
        given = set(self._task.args)
        if given - ARGUMENTS:
            raise AnsibleActionFail(f'release_command takes no {", ".join(sorted(given - ARGUMENTS))}')
        if ('argv' in given) == ('script' in given) or {'stdin', 'stdin_file'} <= given:
            raise AnsibleActionFail('release_command takes argv or script, and stdin or stdin_file')
        argv = self._task.args.get('argv')
        if 'argv' in given and not (isinstance(argv, list) and argv):
            raise AnsibleActionFail(f'the program must be a list of itself and its arguments, not {argv!r}: [npm, ci]')

    def _python(self, task_vars):
        """The host's Python, as for a module; variables are passed unchanged."""
        python = self._templar.template(task_vars.get('ansible_python_interpreter') or '')
        if python.startswith('auto'):
            python = (task_vars.get('ansible_facts') or {}).get('discovered_interpreter_python') or ''
        return shlex.split(python) or ['/usr/bin/python3']

    def _given(self):
        """The data for the host without the input, with values as text."""
        arguments, environment = self._task.args, {}
        self._compute_environment_string(environment)
        argv = ['/bin/sh', '-c', arguments['script']] if 'script' in arguments else arguments['argv']
        return {
            'argv': [to_text(word, nonstring='simplerepr') for word in argv],
            'chdir': arguments.get('chdir'),
            'environment': {name: to_text(value, nonstring='simplerepr') for name, value in environment.items()},
        }

    def _stdin(self):
        if 'stdin_file' in self._task.args:
            path = self._task.args['stdin_file']
            try:
                with open(path, 'rb') as file:
                    return file.read()
            except OSError as error:
                raise AnsibleActionFail(f'cannot read {path}: {error.strerror}') from None
        text = to_text(self._task.args.get('stdin') or '', nonstring='simplerepr')
        return (text if text == '' or text.endswith('\n') else text + '\n').encode()

    def _read(self, answer):
        """The last output of the program on the host, after the output of the login."""
        lines = answer['stdout'].rstrip().splitlines()
        try:
            ended = json.loads(lines[-1])
        except (IndexError, ValueError):
            raise AnsibleActionFail('Python did not run on the host', result={
                'rc': answer['rc'], 'stdout': answer['stdout'], 'stderr': answer['stderr']}) from None
        return {'rc': ended['rc'], 'stdout': ended['stdout'].rstrip('\r\n'), 'stderr': ended['stderr'].rstrip('\r\n')}
