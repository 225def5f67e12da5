"""Prints how often the service of this host was started again by itself, as far as its init tells, as one JSON object.

The one argument is JSON: {root, app, service}, the folders of the app (/srv/<app>) and of runit (/etc/service/<app>). Two readings, some
minutes apart, show whether it has restarted:
  boot      changes when the host is booted
  by        `systemd` or `runit`
  pid       of the service; another one after a restart
  restarts  systemd's own count of automatic restarts, which a start by hand resets; null with runit
  started   changes when a play starts or switches the service (started.py, switch.py)
  held      count of environments that exited by themselves under the process that holds the socket (serve.py); null without one,
            `not counted` when it does not tell
  age       seconds for which the service (the environment under serve.py) has run without exiting; null when it does not run
  again     whether it was started by its init after an exit, as far as that is known, since its host was booted or a play started it;
            null where `held` is not counted
or {problem}.
"""
import json
import os
import socket
import subprocess
import sys
import time

ANSWER_SECONDS = 3
START_SECONDS = 5
"""So much later than its supervisor, or earlier than the record of a play, may a service start that has not exited."""
NOT_COUNTED = 'not counted'
"""By a serve.py of before it counted, or by one that has not answered in time."""


def boot():
    with open('/proc/sys/kernel/random/boot_id') as file:
        machine = file.read().strip()
    # Of the first process: what is booted may share its kernel.
    with open('/proc/1/stat') as file:
        return '%s %s' % (machine, file.read().rsplit(')', 1)[1].split()[19])


def run(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=ANSWER_SECONDS, universal_newlines=True)
    return done.stdout


def systemd(app):
    shown = run('systemctl', 'show', app + '.service', '--property=LoadState,MainPID,NRestarts')
    values = dict(line.split('=', 1) for line in shown.splitlines() if '=' in line)
    if values.get('LoadState') != 'loaded':
        return {'problem': 'systemd has no %s.service' % app}
    # Before systemd 235 it does not count.
    restarts = values.get('NRestarts', '')
    return {'by': 'systemd', 'pid': int(values.get('MainPID') or 0), 'restarts': int(restarts) if restarts.isdigit() else None}


def runit(service):
    try:
        with open(os.path.join(service, 'supervise/pid')) as file:
            pid = file.read().strip()
    except OSError:
        return {'problem': 'runit has no %s' % service}
    return {'by': 'runit', 'pid': int(pid) if pid.isdigit() else 0, 'restarts': None}


def held(root):
    """What serve.py has counted, and the process of the environment that it runs."""
    file_name = os.path.join(root, 'service.json')
    if not os.path.exists(file_name):
        return None, None
    try:
        with open(file_name) as file:
            folder = json.load(file)['run']
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(os.path.join(folder, 'control'))
            connection.sendall((json.dumps({'command': 'state', 'version': None}) + '\n').encode())
            state = json.loads(connection.makefile('r').readline())
            count = state.get('restarts')
            return count if isinstance(count, int) else NOT_COUNTED, state.get('pid')
    except (OSError, ValueError, KeyError):
        return NOT_COUNTED, None


def process(pid):
    """The parent and the age in seconds of a process; None when there is none."""
    try:
        with open('/proc/%d/stat' % pid) as file:
            values = file.read().rsplit(')', 1)[1].split()
    except (OSError, TypeError):
        return None
    # CLOCK_BOOTTIME by its number, for Python before 3.7: what starttime is counted by.
    age = time.clock_gettime(7) - int(values[19]) / os.sysconf('SC_CLK_TCK')
    return int(values[1]), max(0.0, age)


def again(state):
    if state['held'] == NOT_COUNTED:
        # Its age does not show it: an environment that was switched to in place is younger than serve.py, too.
        return None
    if state['age'] is None:
        return False
    counts = [count for count in (state['restarts'], state['held']) if count is not None]
    if counts or state['by'] != 'runit':
        return any(counts)
    own = process(state['pid'])
    supervisor = own and process(own[0])
    if not supervisor:
        return False
    limits = [supervisor[1]] if state['started'] is None else [supervisor[1], time.time() - state['started'] / 1e9]
    return min(limits) - state['age'] > START_SECONDS


def started(root):
    try:
        return os.stat(os.path.join(root, 'started')).st_mtime_ns
    except OSError:
        return None


def main(root, app, service):
    try:
        state = systemd(app) if os.path.isdir('/run/systemd/system') else runit(service)
        if 'problem' in state:
            return state
        count, environment = held(root)
        found = process(state['pid'] if count is None else environment)
        state = {**state, 'boot': boot(), 'started': started(root), 'held': count, 'age': found[1] if found else None}
        return {**state, 'again': again(state)}
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
        return {'problem': str(error)}


wanted = json.loads(sys.argv[1])
print(json.dumps(main(wanted['root'], wanted['app'], wanted['service'])))
