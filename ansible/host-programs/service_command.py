"""Runs a command as a service does: as its user, in the folder of the release that is current, with the service's environment and secrets.

The one argument is JSON: {app, root, command, terminal, merge}; `command` is a list, or how many bytes of standard input are that list as
JSON, as sudo writes arguments to the log of the host. Also `services`, the folder that runit supervises. With `terminal` the command takes the place of this program. Otherwise it runs
until it exits, or until standard input is closed, which is what a lost connection looks like: then it is stopped. `merge`: its standard
error goes to its standard output. The exit code is that of the command, or 128 and the number of its signal; as in a shell, 127 when the
command does not exist and 126 when it cannot be started; 125 when the service's definition cannot be read.
"""
import json
import os
import pwd
import re
import select
import shlex
import signal
import subprocess
import sys
import time

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
STOP_SECONDS = 5
"""How long a command may take to stop when the connection is lost."""
SECRETS = '.release-secrets.py'
LAST_LINES = '\n[ ! -e .release-secrets.py ]'
"""Begins what starts the service in the run script of the release role (templates/runit-run.j2); before it is its environment."""


class Problem(Exception):
    pass


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Problem('%s cannot be read: %s' % (path, error.strerror))


def show(unit):
    """Properties of a unit of systemd; none when it is not loaded."""
    wanted = ['LoadState', 'User', 'FragmentPath', 'MainPID', 'WorkingDirectory']
    try:
        done = subprocess.run(
            ['systemctl', 'show', *['--property=' + name for name in wanted], unit],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = dict(line.split('=', 1) for line in done.stdout.decode(errors='replace').splitlines() if '=' in line)
    return found if found.get('LoadState') == 'loaded' else {}


def assignments(text):
    """Lines NAME=value of a file, with or without `export` and quotes."""
    found = {}
    for name, value in re.findall(r'^\s*(?:export\s+)?(\w+)=(.*)$', text or '', re.M):
        try:
            found[name] = ''.join(shlex.split(value))
        except ValueError:
            found[name] = value
    return found


def environment_of_unit(text):
    """What the unit of the release role says (templates/unit.service.j2); a file wins over the lines of the unit."""
    found, files = {}, {}
    for line in text.splitlines():
        key, _, value = line.partition('=')
        if key == 'Environment':
            words = [json.loads(value)] if value.startswith('"') else shlex.split(value)
            found.update(word.replace('%%', '%').split('=', 1) for word in words)
        elif key == 'EnvironmentFile':
            files.update(assignments(read(value.lstrip('-'))))
    return {**found, **files}


def environment_of_process(pid):
    try:
        with open('/proc/%d/environ' % pid, 'rb') as file:
            entries = [entry for entry in file.read().split(b'\0') if b'=' in entry]
    except OSError:
        return {}
    return {os.fsdecode(name): os.fsdecode(value) for name, value in (entry.split(b'=', 1) for entry in entries)}


def held(root, folder):
    """The environment of a service whose socket is held (serve.py); None for another one."""
    settings, service = read(os.path.join(root, 'service.json')), read(os.path.join(folder, 'service.json'))
    if settings is None or service is None:
        return None
    own = {name: str(value) for name, value in json.loads(service)['environment'].items()}
    return {'HOST': '0.0.0.0', **assignments(read(json.loads(settings)['instance_env'])), **own}


def supervised(service):
    done = subprocess.run(['sv', 'status', service], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = re.search(rb'pid (\d+)', done.stdout)
    return int(found.group(1)) if found else 0


class Service:
    """How a service runs on this host."""

    def __init__(self, app, root, services):
        self.user, self.environment, self.script = None, {}, None
        self.folder = os.path.realpath(os.path.join(root, 'current'))
        unit = show(app + '.service')
        if not os.path.isdir(self.folder):
            self.folder = unit.get('WorkingDirectory') or '/'
        if unit:
            self.user = unit.get('User') or None
        if self.user and os.geteuid() not in (0, pwd.getpwnam(self.user).pw_uid):
            raise Problem('the service runs as %s, and the login may not become that user (ssh.become)' % self.user)
        socket = held(root, self.folder)
        if socket is not None:
            self.environment = socket
        elif unit:
            text = read(unit['FragmentPath']) if unit.get('FragmentPath') else None
            ours = text is not None and SECRETS in text
            self.environment = environment_of_unit(text) if ours else environment_of_process(int(unit.get('MainPID') or 0))
        else:
            text = read(os.path.join(services, app, 'run'))
            if text is not None and LAST_LINES in text:
                # The shell itself reads it, as it does for the service.
                self.script = text.rsplit(LAST_LINES, 1)[0].replace('\nexec 2>&1\n', '\n', 1)
            elif text is not None:
                self.environment = environment_of_process(supervised(os.path.join(services, app)))

    def words(self, command):
        if self.script is not None:
            start = ' || exec /usr/bin/python3 -I %s run . -- "$@"\nexec "$@"\n' % SECRETS
            return ['/bin/sh', '-c', self.script + LAST_LINES + start, 'sh', *command]
        program = os.path.join(self.folder, SECRETS)
        return ['/usr/bin/python3', '-I', program, 'run', self.folder, '--', *command] if os.path.exists(program) else command

    def variables(self):
        owner = pwd.getpwnam(self.user) if self.user else pwd.getpwuid(os.geteuid())
        home = {'PATH': PATH, 'HOME': owner.pw_dir, 'USER': owner.pw_name, 'LOGNAME': owner.pw_name}
        kept = {name: os.environ[name] for name in ('TERM', 'LANG') if name in os.environ}
        return {**home, **kept, **self.environment}

    def become(self):
        """Called in the process that becomes the command."""
        if self.user is None:
            return
        owner = pwd.getpwnam(self.user)
        if owner.pw_uid == os.geteuid():
            return
        os.initgroups(owner.pw_name, owner.pw_gid)
        os.setgid(owner.pw_gid)
        os.setuid(owner.pw_uid)


def supervise(service, words, merge):
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = subprocess.Popen(
        words, cwd=service.folder, env=service.variables(), stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT if merge else None,
        start_new_session=True, preexec_fn=service.become,
    )
    while child.poll() is None:
        ready = select.select([0, wake_read], [], [])[0]
        if 0 in ready and os.read(0, 4096) == b'':
            stop(child)
        if wake_read in ready:
            os.read(wake_read, 4096)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def stop(child):
    """Stops all that the command has started: the leader may end at once, and leave what ignores SIGTERM."""
    signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_group(child, signal.SIGKILL)
    child.wait()
    sys.exit(143)


def signal_group(child, number):
    """False when nothing is left of the group."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def lives(child):
    # A leader that nobody has waited for would be of the group for ever.
    child.poll()
    return signal_group(child, 0)


def exists(service, program):
    if '/' in program:
        return os.path.exists(os.path.join(service.folder, program))
    return any(os.path.exists(os.path.join(folder, program)) for folder in service.variables()['PATH'].split(':'))


def main():
    want = json.loads(sys.argv[1])
    command = want['command']
    if isinstance(command, int):
        command = json.loads(sys.stdin.buffer.read(command).decode())
    try:
        service = Service(want['app'], want['root'], want.get('services', '/etc/service'))
        words = service.words(command)
        if service.script is None and not exists(service, command[0]):
            return fail(127, '%s: there is no such command' % command[0])
        if want['terminal']:
            os.chdir(service.folder)
            variables = service.variables()
            service.become()
            os.execvpe(words[0], words, variables)
        return supervise(service, words, want['merge'])
    except FileNotFoundError:
        return fail(127, '%s: there is no such command' % command[0])
    except (OSError, subprocess.SubprocessError) as error:
        return fail(126, '%s: %s' % (command[0], error))
    except (Problem, ValueError, KeyError) as error:
        return fail(125, str(error))


def fail(code, text):
    print('pipeline exec: ' + text, file=sys.stderr, flush=True)
    return code


if __name__ == '__main__':
    sys.exit(main())
