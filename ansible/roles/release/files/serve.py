"""Serves one app: holds its listening socket for as long as the host serves, and runs the environment that `current` names on it.

Another environment takes over without a closed socket or a lost request:
  prepare  it is started beside the one that serves, with PORT (the staging port) and LISTEN_FD (the held socket) in its environment;
           it answers on PORT only, where its health is checked
  take     SIGUSR2: it accepts from LISTEN_FD and closes PORT, which shows that it does; then the old one gets
           SIGQUIT: it stops accepting, answers open connections with `Connection: close`, and exits
At a start no other environment runs: the environment only gets LISTEN_FD and accepts from it at once. SIGTERM stops everything.
Commands come as a JSON line over the socket <run>/control, each answered by one.

Usage: serve.py <root>, with <root>/service.json and releases/<version>/service.json as written by the role.
"""
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

import health

RESPAWN_SECONDS = 1
"""Pause between two starts of an environment that exits by itself, as in runit and systemd."""
PREPARED_SECONDS = 60
"""How long a checked environment waits for its `take`."""
LET_GO_SECONDS = 5
"""How long the old environment may continue to accept after SIGQUIT."""
LINGER_SECONDS = 75
"""How long the old environment may wait for idle connections; longer than a load balancer keeps them (60 s by default)."""


def with_parent():
    """Runs in the child, which is stopped when this process dies, so that it does not block the port."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def with_secrets(folder, command):
    """An environment that has secrets is started by the program that reads them, which becomes the command. With -I it imports no module of
    the app, and no variable of the app's environment decides what it imports."""
    program = os.path.join(folder, '.release-secrets.py')
    return ['/usr/bin/python3', '-I', program, 'run', folder, '--', *command] if os.path.exists(program) else command


def secrets_problem(folder, seconds):
    """Why the secrets of an environment cannot be read; None when the host has them."""
    program = os.path.join(folder, '.release-secrets.py')
    if not os.path.exists(program):
        return None
    try:
        done = subprocess.run(
            ['/usr/bin/python3', '-I', program, 'fetch', folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return 'its secrets were not read within %g s' % seconds
    return None if done.returncode == 0 else done.stderr.decode(errors='replace').strip()


class Worker:
    """A running environment."""

    def __init__(self, root, version, listener, environment):
        folder = os.path.join(root, 'releases', version)
        with open(os.path.join(folder, 'service.json')) as file:
            service = json.load(file)
        self.version = version
        own = {name: str(value) for name, value in service['environment'].items()}
        self.process = subprocess.Popen(
            with_secrets(folder, [str(word) for word in service['command']]),
            cwd=folder,
            env={**os.environ, **own, **environment, 'LISTEN_FD': str(listener)},
            stdin=subprocess.DEVNULL,
            pass_fds=[listener],
            preexec_fn=with_parent,
        )
        self.started = time.monotonic()
        self.end_by = None

    def alive(self):
        return self.process.poll() is None

    def tell(self, number, seconds):
        """Sends a signal, and kills the process if it still runs after this many seconds."""
        if self.alive():
            self.process.send_signal(number)
        self.end_by = time.monotonic() + seconds


class Server:
    def __init__(self, root):
        self.root = root
        with open(os.path.join(root, 'service.json')) as file:
            self.settings = json.load(file)
        self.host = health.bind_address(self.settings['instance_env'], '0.0.0.0')
        self.listener = socket.socket(socket.AF_INET6 if ':' in self.host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.host, self.settings['port']))
        self.listener.listen(1024)
        self.serving = None
        self.candidate = None
        self.leaving = []
        self.stopping = False
        self.respawn_at = 0
        # Environments that exited by themselves: a verify window counts them (host-programs/service_state.py).
        self.restarts = 0
        os.makedirs(self.settings['run'], exist_ok=True)
        path = os.path.join(self.settings['run'], 'control')
        if os.path.lexists(path):
            os.unlink(path)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(path)
        os.chmod(path, 0o600)
        self.control.listen(8)

    def current(self):
        return os.path.basename(os.readlink(os.path.join(self.root, 'current')))

    def start(self, version, **environment):
        return Worker(self.root, version, self.listener.fileno(), {'HOST': self.host, **environment})

    def tend(self):
        """Supervises the processes: restarts those that exited, kills those that exceed their time."""
        now = time.monotonic()
        if self.serving and not self.serving.alive() and not self.stopping:
            print('serve: %s exited with %s' % (self.serving.version, self.serving.process.returncode), flush=True)
            self.respawn_at = max(self.respawn_at, self.serving.started + RESPAWN_SECONDS)
            self.restarts += 1
            self.serving = None
        if self.serving is None and not self.stopping and now >= self.respawn_at:
            self.respawn_at = now + RESPAWN_SECONDS
            try:
                self.serving = self.start(self.current())
            except (OSError, ValueError, KeyError) as error:
                print('serve: cannot start: %s' % error, flush=True)
        if self.candidate and (not self.candidate.alive() or now >= self.candidate.end_by):
            self.drop_candidate()
        for worker in self.leaving:
            if worker.alive() and now >= worker.end_by:
                worker.process.kill()
        self.leaving = [worker for worker in self.leaving if worker.alive()]

    def drop_candidate(self):
        self.candidate.tell(signal.SIGTERM, self.settings['stop_timeout'])
        self.leaving.append(self.candidate)
        self.candidate = None

    def state(self):
        serving = self.serving
        return {'version': serving and serving.version, 'pid': serving and serving.process.pid, 'restarts': self.restarts}

    def prepare(self, version, again=False):
        """Starts a version beside the one that serves, with `again` also the same one, and waits until it is healthy on the staging port."""
        if not again and self.serving and self.serving.alive() and self.serving.version == version:
            return {'ok': True, 'ready': False, **self.state()}
        if self.candidate:
            self.drop_candidate()
        port = self.settings['staging_port']
        check = health.Check(health.reachable(self.host), port, self.settings['health_path'])
        if check.listens():
            return {'ok': False, 'reason': 'port %d is taken by another process' % port}
        wrong = secrets_problem(os.path.join(self.root, 'releases', version), self.settings['health_timeout'])
        if wrong is not None:
            return {'ok': False, 'reason': wrong}
        candidate = self.candidate = self.start(version, PORT=str(port))
        candidate.end_by = time.monotonic() + self.settings['health_timeout'] + PREPARED_SECONDS
        deadline = time.monotonic() + self.settings['health_timeout']
        wrong = 'it was not asked'
        while time.monotonic() < deadline and candidate.alive() and not self.stopping:
            wrong = check.problem()
            if wrong is None:
                return {'ok': True, 'ready': True, **self.state()}
            self.tend()
            time.sleep(0.02)
        if not candidate.alive():
            wrong = 'it exited with %s before it was healthy' % candidate.process.returncode
        if self.candidate:
            self.drop_candidate()
        wrong = health.redact(wrong, self.settings.get('secrets'))
        return {'ok': False, 'reason': '%s is not healthy beside %s: %s' % (version, self.state()['version'], wrong)}

    def take(self, version):
        """Passes the held socket to the prepared version."""
        if not self.candidate or self.candidate.version != version or not self.candidate.alive():
            return {'ok': False, 'reason': '%s is not prepared' % version}
        candidate = self.candidate
        check = health.Check(health.reachable(self.host), self.settings['staging_port'], '/')
        candidate.process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + self.settings['health_timeout']
        while candidate.alive() and check.listens():
            if time.monotonic() >= deadline:
                self.drop_candidate()
                return {'ok': False, 'reason': '%s did not take over within %g s of SIGUSR2' % (version, self.settings['health_timeout'])}
            time.sleep(0.005)
        if not candidate.alive():
            return {'ok': False, 'reason': '%s exited at SIGUSR2: it cannot take over' % version}
        before, self.serving, self.candidate = self.serving, candidate, None
        candidate.end_by = None
        if before:
            before.tell(signal.SIGQUIT, LINGER_SECONDS)
            self.leaving.append(before)
            self.wait_let_go(before)
        return {'ok': True, 'before': before and before.version, **self.state()}

    def wait_let_go(self, worker):
        """Waits until it has closed its descriptor of the held socket and accepts no more. Otherwise it is stopped."""
        def holds():
            try:
                return os.readlink('/proc/%d/fd/%d' % (worker.process.pid, number)) == held
            except OSError:
                return False

        number = self.listener.fileno()
        held = os.readlink('/proc/self/fd/%d' % number)
        deadline = time.monotonic() + LET_GO_SECONDS
        while holds() and worker.alive():
            if time.monotonic() >= deadline:
                worker.tell(signal.SIGTERM, self.settings['stop_timeout'])
                return
            time.sleep(0.005)

    def answer(self):
        """Reads a command and answers it. It does not wait for a client that stops sending."""
        connection, _ = self.control.accept()
        with connection:
            connection.settimeout(5)
            try:
                request = json.loads(connection.makefile('r').readline())
                handler = {
                    'prepare': self.prepare,
                    'again': lambda version: self.prepare(version, again=True),
                    'take': self.take,
                }.get(request['command'])
                result = handler(request['version']) if handler else {'ok': True, **self.state()}
            except (OSError, ValueError, KeyError) as error:
                result = {'ok': False, 'reason': str(error)}
            try:
                connection.sendall((json.dumps(result) + '\n').encode())
            except OSError:
                pass

    def run(self):
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.stop)
        while not (self.stopping and not self.leaving):
            self.tend()
            ready, _, _ = select.select([self.control, wake_read], [], [], 0.25)
            if wake_read in ready:
                os.read(wake_read, 4096)
            if self.control in ready and not self.stopping:
                self.answer()

    def stop(self, *_):
        """Stops everything. The own descriptor of the socket is closed first, so that the app decides how long it accepts."""
        if self.stopping:
            return
        self.stopping = True
        self.listener.close()
        workers = [worker for worker in [self.serving, self.candidate, *self.leaving] if worker]
        self.serving = self.candidate = None
        for worker in workers:
            worker.tell(signal.SIGTERM, self.settings['stop_timeout'])
        self.leaving = workers


if __name__ == '__main__':
    Server(sys.argv[1]).run()
