"""Tells which environments this host can switch to, or switches to one while it serves. Prints one JSON object.

Usage: environments.py list        {serving, environments: [newest first]}
       environments.py to VERSION  {ok, version, before, changed, seconds}, or {ok: false, version, reason}; can be repeated
       environments.py again         the same for the version that serves: it takes over from itself, with secrets as they are now
It lies in <root>/bin beside the programs it uses.
"""
import json
import os
import re
import socket
import sys
import time

import switch

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def settings():
    with open(os.path.join(root, 'service.json')) as file:
        return json.load(file)


def ask(command, version=None):
    """One command to the process that holds the socket (serve.py)."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(settings()['health_timeout'] + 10)
        connection.connect(os.path.join(settings()['run'], 'control'))
        connection.sendall((json.dumps({'command': command, 'version': version}) + '\n').encode())
        return json.loads(connection.makefile('r').readline())


def environments():
    """Complete environments that can take over, newest first."""
    found = []
    for name in os.listdir(os.path.join(root, 'releases')):
        folder = os.path.join(root, 'releases', name)
        if all(os.path.isfile(os.path.join(folder, file)) for file in ('service.json', 'release.json')):
            found.append(name)
    return sorted(found, key=lambda name: [int(part) if part.isdigit() else 0 for part in re.split(r'(\d+)', name)], reverse=True)


def take_over(version, command='prepare'):
    started = time.monotonic()
    if version not in environments():
        return {'ok': False, 'reason': 'there is no environment %s here; there are: %s' % (version, ', '.join(environments()) or 'none')}
    before = ask('state').get('version')
    prepared = ask(command, version)
    if not prepared['ok']:
        return {**prepared, 'version': before}
    # From here on a boot starts the wanted version, whatever becomes of us.
    switch.switch(root, version)
    if prepared['ready']:
        taken = ask('take', version)
        if not taken['ok']:
            if before:
                switch.switch(root, before)
            return {**taken, 'version': before}
    return {
        'ok': True,
        'version': ask('state')['version'],
        'before': before,
        'changed': prepared['ready'],
        'seconds': round(time.monotonic() - started, 3),
    }


def main(command, version=None):
    if command == 'list':
        current = os.path.join(root, 'current')
        serving = os.path.basename(os.readlink(current)) if os.path.islink(current) else None
        return {'serving': serving, 'environments': environments()}
    try:
        if command == 'again':
            return take_over(os.path.basename(os.readlink(os.path.join(root, 'current'))), 'again')
        return take_over(version)
    except (OSError, ValueError, KeyError) as error:
        return {'ok': False, 'version': None, 'reason': 'the service cannot be asked: %s' % error}


if __name__ == '__main__':
    print(json.dumps(main(*sys.argv[1:])))
