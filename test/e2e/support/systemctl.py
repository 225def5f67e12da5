#!/usr/bin/python3
"""A systemctl for machines without systemd: starts and stops what units say, and knows which are enabled. Only what the roles use."""
import os
import re
import shlex
import signal
import subprocess
import sys
import time

state = '/run/units'
folders = ('/etc/systemd/system', '/run/systemd/system')
os.makedirs(state, exist_ok=True)
words = [word for word in sys.argv[1:] if not word.startswith('-')]
action = words[0]
unit = re.sub(r'\.service$', '', words[1]) if len(words) > 1 else ''


def path(name):
    return os.path.join(state, unit + '.' + name)


def unit_file():
    return next((file for file in (os.path.join(folder, unit + '.service') for folder in folders) if os.path.exists(file)), None)


def pid():
    """The running main process; None when it does not run."""
    try:
        with open(path('pid')) as file:
            found = int(file.read())
        with open('/proc/%d/stat' % found) as file:
            return None if file.read().rsplit(')', 1)[1].split()[0] == 'Z' else found
    except (OSError, ValueError):
        return None


def settings():
    found = {'Environment': []}
    with open(unit_file()) as file:
        for line in file:
            key, _, value = line.strip().partition('=')
            if key == 'Environment':
                found[key] += shlex.split(value.replace('%%', '%'))
            else:
                found[key] = value
    return found


def stop():
    running = pid()
    if running is None:
        return
    os.kill(running, signal.SIGTERM)
    while pid() is not None:
        time.sleep(0.02)


def start():
    found = settings()
    environment = {**os.environ, **dict(word.split('=', 1) for word in found['Environment'])}
    try:
        with open(found['EnvironmentFile'].lstrip('-')) as file:
            environment.update(re.findall(r'^(?:export )?(\w+)=(.*)$', file.read(), re.M))
    except FileNotFoundError:
        pass
    # What comes after the file in the unit wins over it.
    environment.update(word.split('=', 1) for word in found['Environment'] if word.startswith('PORT='))
    if 'RuntimeDirectory' in found:
        for folder in found['RuntimeDirectory'].split():
            os.makedirs(os.path.join('/run', folder), mode=0o700, exist_ok=True)
    output = found['StandardOutput']
    with open(output[len('append:'):] if output.startswith('append:') else path('journal'), 'ab') as log:
        command = shlex.split(found['ExecStart'].replace('%%', '%').replace('$$', '$'))
        child = subprocess.Popen(
            command, cwd=found['WorkingDirectory'], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    with open(path('pid'), 'w') as file:
        file.write(str(child.pid))


if action == 'show':
    print('Id=%s.service' % unit)
    print('LoadState=' + ('loaded' if unit_file() else 'not-found'))
    print('ActiveState=' + ('active' if pid() else 'inactive'))
elif action == 'is-active':
    sys.exit(0 if pid() else 3)
elif action == 'is-enabled':
    enabled = os.path.exists(path('enabled'))
    print('enabled' if enabled else 'disabled')
    sys.exit(0 if enabled else 1)
elif action == 'enable':
    open(path('enabled'), 'w').close()
elif action == 'disable':
    stop()
    os.unlink(path('enabled'))
elif action in ('start', 'restart'):
    stop()
    start()
elif action == 'stop':
    stop()
elif action not in ('daemon-reload', 'reset-failed'):
    sys.exit('systemctl %s: not known here' % action)
