"""Reports whether a service runs with its current files, so that a play without changes restarts nothing.

Usage: started.py ask ROOT INIT APP [FILE...]    prints `yes`, or why it must be restarted
       started.py note ROOT INIT APP [FILE...]   records that it was started from them
INIT is `systemd` or `runit`. Besides the files, <ROOT>/current is compared; switch.py deletes the record at every switch.
"""
import hashlib
import os
import subprocess
import sys

action, root, init, app, *files = sys.argv[1:]
note = os.path.join(root, 'started')


def digest():
    total = hashlib.sha256(os.path.realpath(os.path.join(root, 'current')).encode())
    for path in files:
        try:
            with open(path, 'rb') as file:
                content = file.read()
        except FileNotFoundError:
            content = b''
        total.update(b'\0%d\0' % len(content) + content)
    return total.hexdigest()


def runs():
    if init == 'systemd':
        return subprocess.run(['systemctl', 'is-active', '--quiet', app + '.service']).returncode == 0
    status = subprocess.run(['sv', 'status', '/etc/service/' + app], stdout=subprocess.PIPE, universal_newlines=True)
    return status.stdout.startswith('run:')


def noted():
    try:
        with open(note) as file:
            return file.read().strip()
    except FileNotFoundError:
        return ''


if action == 'note':
    with open(note + '.new', 'w') as file:
        file.write(digest() + '\n')
    os.rename(note + '.new', note)
elif noted() != digest():
    print('it was not started from what is there now')
else:
    print('yes' if runs() else 'it does not run')
