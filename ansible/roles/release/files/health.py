"""Waits until a service on this host answers its health route with 200; says why not, with the app's last log lines."""
import argparse
import glob
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time


def bind_address(instance_env, otherwise):
    """Where the services of this host listen: from its instance file, else from the arguments."""
    try:
        with open(instance_env) as file:
            found = re.findall(r'^\s*(?:export\s+)?HOST=["\']?([^"\'\s]+)', file.read(), re.M)
    except FileNotFoundError:
        found = []
    return found[-1] if found else otherwise


def reachable(host):
    """The address for requests to a service that listens on `host`."""
    return {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host)


class Check:
    def __init__(self, host, port, path):
        self.host, self.port, self.path = host, port, path

    def listens(self):
        """Whether anything accepts connections there."""
        try:
            socket.create_connection((self.host, self.port), timeout=2).close()
            return True
        except OSError:
            return False

    def problem(self):
        """None when healthy, else what is wrong, as text."""
        try:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=2)
            connection.request('GET', self.path, headers={'Connection': 'close'})
            response = connection.getresponse()
            body = response.read(300).decode('utf-8', 'replace')
            connection.close()
        except OSError as error:
            return error.strerror or str(error)
        except http.client.HTTPException as error:
            return repr(error)
        return None if response.status == 200 else 'status %d %s' % (response.status, body)


def wrong_release(current, version):
    """None when the link `current` names that version, else what is wrong, as text."""
    try:
        with open(os.path.join(current, 'release.json')) as file:
            found = json.load(file).get('version')
    except (OSError, ValueError) as error:
        return 'current has no readable release.json: %s' % error
    return None if found == version else 'current is %s, not %s' % (found, version)


def ended(pid_file, unit):
    """Whether the process that the file names is gone, or systemd's unit has stopped."""
    if unit:
        state = subprocess.run(['systemctl', 'is-active', unit], stdout=subprocess.PIPE, universal_newlines=True)
        return state.returncode == 3 and state.stdout.strip() != 'activating'
    try:
        with open(pid_file or '') as file:
            return not os.path.exists('/proc/%d' % int(file.read()))
    except FileNotFoundError:
        return False


def last_lines(path, count=12):
    try:
        with open(path, 'rb') as file:
            file.seek(max(0, os.path.getsize(path) - 8192))
            return file.read().decode('utf-8', 'replace').splitlines()[-count:]
    except OSError as error:
        return ['(no log: %s)' % error]


def last_of_journal(unit, count=12):
    try:
        words = ['journalctl', '--unit=' + unit, '--lines=%d' % count, '--output=cat', '--no-pager', '--quiet']
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return ['(no log: %s)' % error]
    return done.stdout.decode('utf-8', 'replace').splitlines()[-count:]


def redact(text, values):
    """Without the values of the host's secrets (host_secrets.py): the output of a service becomes part of the record of the run."""
    try:
        with open(values or '') as file:
            known = json.load(file).values()
    except (OSError, ValueError):
        return text
    lines = {line for value in known for line in [value, json.dumps(value)[1:-1], *value.splitlines()] if len(line) >= 6}
    for line in sorted(lines, key=len, reverse=True):
        text = text.replace(line, '[redacted]')
    return text


# Messages of node, Python, Ruby, Go, Java and nginx about a port in use.
IN_USE = re.compile(r'EADDRINUSE|address already in use|port \d+ (?:is|was) (?:already )?in use', re.I)


def listening(folder):
    """Ports on which processes that work in the folder accept connections. Linux only; none where it cannot be determined."""
    sockets = set()
    for process in glob.glob('/proc/[0-9]*'):
        try:
            if not (os.readlink(process + '/cwd') + '/').startswith(os.path.realpath(folder) + '/'):
                continue
            sockets.update(os.readlink(file) for file in glob.glob(process + '/fd/*') if os.path.islink(file))
        except OSError:
            continue
    ports = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            with open(table) as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        # State 0A is LISTEN; the address is <hexadecimal address>:<hexadecimal port>.
        ports.update(int(row[1].rsplit(':', 1)[1], 16) for row in rows if row[3] == '0A' and 'socket:[%s]' % row[9] in sockets)
    return sorted(ports)


def ignored_port(port, folder, log):
    """The fix for an app that was started beside another one and listens on the wrong port; None when nothing shows that."""
    must = 'it must listen on the port in the environment variable PORT, which is %d while it is checked beside what serves' % port
    if any(IN_USE.search(line) for line in log):
        return 'the app wants a port that another process has: ' + must
    others = listening(folder)
    if others and port not in others:
        return 'the app listens on port %s instead of %d: %s' % (', '.join(map(str, others)), port, must)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--path', required=True)
    parser.add_argument('--timeout', type=float, required=True, help='seconds')
    parser.add_argument('--instance-env', required=True, help='optional file that may set HOST')
    parser.add_argument('--log')
    parser.add_argument('--journal', help='unit whose lines in the journal are the log')
    parser.add_argument('--pid-file', help='of a process whose end is the end of the wait; absent on hosts where the init watches it')
    parser.add_argument('--unit', help='the same with systemd: a unit that is not started again')
    parser.add_argument('--beside', help='folder of an environment that was started beside another one, on a port of its own')
    parser.add_argument('--current', help="the link whose release.json must have --version")
    parser.add_argument('--version')
    parser.add_argument('--secrets', help='file with the values of the secrets of the service; they are not printed')
    options = parser.parse_args()
    check = Check(reachable(bind_address(options.instance_env, '127.0.0.1')), options.port, options.path)
    deadline = time.monotonic() + options.timeout
    while True:
        wrong = (wrong_release(options.current, options.version) if options.current else None) or check.problem()
        if wrong is None:
            return
        gone = ended(options.pid_file, options.unit)
        if gone or time.monotonic() >= deadline:
            how = 'it exited before it was healthy' if gone else 'not healthy after %g s' % options.timeout
            log = last_of_journal(options.journal) if options.journal else last_lines(options.log)
            where = 'http://%s:%d%s' % (check.host, check.port, check.path)
            why = ignored_port(check.port, options.beside, log) if options.beside else None
            said = '%s: %s: %s%s; its last log lines:\n%s' % (how, where, wrong, '; ' + why if why else '', '\n'.join(log))
            print(redact(said, options.secrets), file=sys.stderr)
            sys.exit(1)
        # Each query of systemd starts a program.
        time.sleep(0.25 if options.unit else 0.05)


if __name__ == '__main__':
    main()
