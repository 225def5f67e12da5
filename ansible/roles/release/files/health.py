"""Waits until a service on this host answers its health route with 200; says why not, with the app's last log lines."""
import argparse
import http.client
import json
import os
import re
import socket
import sys
import time


def bind_address(instance_env, otherwise):
    """Where the services of this machine listen: as its instance file says, else as told."""
    try:
        with open(instance_env) as file:
            found = re.findall(r'^\s*(?:export\s+)?HOST=["\']?([^"\'\s]+)', file.read(), re.M)
    except FileNotFoundError:
        found = []
    return found[-1] if found else otherwise


def reachable(host):
    """The address on which a service can be asked that listens on `host`."""
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
        """None when healthy, else what is wrong, in words."""
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
    """None when the link `current` names that version, else what is wrong, in words."""
    try:
        with open(os.path.join(current, 'release.json')) as file:
            found = json.load(file).get('version')
    except (OSError, ValueError) as error:
        return 'current has no readable release.json: %s' % error
    return None if found == version else 'current is %s, not %s' % (found, version)


def ended(pid_file):
    """Whether the process that the file names is gone."""
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--path', required=True)
    parser.add_argument('--timeout', type=float, required=True, help='seconds')
    parser.add_argument('--instance-env', required=True, help='optional file that may set HOST')
    parser.add_argument('--log', required=True)
    parser.add_argument('--pid-file', help='of a process whose end is the end of the wait; absent on hosts where the init watches it')
    parser.add_argument('--current', help="the link whose release.json must have --version")
    parser.add_argument('--version')
    options = parser.parse_args()
    check = Check(reachable(bind_address(options.instance_env, '127.0.0.1')), options.port, options.path)
    deadline = time.monotonic() + options.timeout
    while True:
        wrong = (wrong_release(options.current, options.version) if options.current else None) or check.problem()
        if wrong is None:
            return
        gone = ended(options.pid_file)
        if gone or time.monotonic() >= deadline:
            how = 'it ended before it was healthy' if gone else 'not healthy after %g s' % options.timeout
            print('%s: http://%s:%d%s: %s; its last log lines:' % (how, check.host, check.port, check.path, wrong), file=sys.stderr)
            print('\n'.join(last_lines(options.log)), file=sys.stderr)
            sys.exit(1)
        time.sleep(0.05)


if __name__ == '__main__':
    main()
