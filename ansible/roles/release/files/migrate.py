"""Runs the migration of a release on its host: at most once in a run, and apart from the connection that starts it.

  migrate.py start FOLDER RUN REQUEST   starts it, unless it was started before; REQUEST is {"command", "timeout" in seconds, "facts"}
  migrate.py status FOLDER RUN OFFSET   how it is, with its output from this byte on
  migrate.py tail FOLDER RUN            the end of its output
  migrate.py stop FOLDER RUN            stops it: SIGTERM, and SIGKILL after a while
  migrate.py forget FOLDER RUN          removes what it has kept

Each prints one JSON object. FOLDER is that of a release; its .release-migrate.json has the environment of the service. Output and end are
in <state>/<run>, in the memory of the host, so that no image has them; values of secrets are removed before they are written. Only
FOLDER/.release-migration, with the id of the run, is on the disk: by that a host that was rebooted is known to have begun.

It is started with `python3 -I`, as the app's folder may have modules with names of Python's own.
"""
import codecs
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import time

SEGMENT = 256 * 1024
"""Bytes of one file of output; the last three are kept, so output of any length fits into the host's memory."""
KEPT_SEGMENTS = 3
AT_ONCE = 64 * 1024
"""Bytes of output in one answer."""
TAIL = 256 * 1024
"""Bytes of output that are kept with the run."""
KILL_SECONDS = 10
"""Time between SIGTERM and SIGKILL, unless the settings have `kill_seconds`."""
LINGER_SECONDS = 1
"""How long output is awaited from what the command has left in the background."""
SHORTEST_SECRET = 6
"""Shorter values would match ordinary words."""
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
"""As in the run script of the service."""


def load(folder):
    with open(os.path.join(folder, '.release-migrate.json')) as file:
        return json.load(file)


def place(settings, run):
    return os.path.join(settings['state'], run)


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def write_json(path, value):
    with open(os.open(path + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as file:
        json.dump(value, file)
    os.rename(path + '.new', path)


@contextlib.contextmanager
def locked(settings):
    """A start that is repeated after a lost connection must not find the first one halfway."""
    os.makedirs(settings['state'], mode=0o700, exist_ok=True)
    folder = os.open(settings['state'], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


# Who runs.

def boot_id():
    with open('/proc/sys/kernel/random/boot_id') as file:
        return file.read().strip()


def start_time(pid):
    """Of a process that runs, in ticks since the boot; None for one that is gone or has not been reaped."""
    try:
        with open('/proc/%d/stat' % pid) as file:
            fields = file.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in 'ZX' else int(fields[19])


def alive(supervisor):
    """Process ids are used again, so its time of start counts as well."""
    return supervisor['boot'] == boot_id() and start_time(supervisor['pid']) == supervisor['started']


# Output.

class Redaction:
    """Replaces the values of secrets. What may be the beginning of one is held back until it is certain."""

    def __init__(self, path):
        self.path, self.seen, self.values, self.rest = path, None, [], b''

    def _read(self):
        """Again when the file has changed: the command itself may have them read."""
        try:
            found = os.stat(self.path or '')
        except OSError:
            return
        if self.seen == (found.st_ino, found.st_mtime_ns):
            return
        self.seen = (found.st_ino, found.st_mtime_ns)
        known = read_json(self.path)
        texts = [value for value in known.values() if isinstance(value, str)] if isinstance(known, dict) else []
        forms = {form for text in texts for form in [text, json.dumps(text)[1:-1], *text.splitlines()] if len(form) >= SHORTEST_SECRET}
        self.values = sorted((form.encode(errors='replace') for form in forms), key=len, reverse=True)

    def feed(self, part, last=False):
        self._read()
        text = self.rest + part
        for value in self.values:
            text = text.replace(value, b'[redacted]')
        held = 0 if last else self._held(text)
        self.rest = text[len(text) - held:]
        return text[:len(text) - held]

    def _held(self, text):
        """How many bytes at the end begin one of the values."""
        return max(
            (size for value in self.values for size in range(1, min(len(value), len(text) + 1)) if text.endswith(value[:size])), default=0
        )


class Output:
    def __init__(self, folder):
        self.folder, self.total = folder, 0
        self.file = self._open()

    def _open(self):
        return open(os.open(os.path.join(self.folder, 'out.%d' % self.total), os.O_WRONLY | os.O_CREAT, 0o600), 'wb', buffering=0)

    def write(self, part):
        for start in range(0, len(part), SEGMENT):
            piece = part[start:start + SEGMENT]
            self.file.write(piece)
            self.total += len(piece)
            if self.file.tell() >= SEGMENT:
                self.file.close()
                self.file = self._open()
                for _base, path in segments(self.folder)[:-KEPT_SEGMENTS]:
                    os.unlink(path)


def segments(folder):
    """(first byte, path), in their order."""
    found = ((int(path.rpartition('.')[2]), path) for path in glob.glob(os.path.join(glob.escape(folder), 'out.*')))
    return sorted(found)


def output_since(folder, offset):
    """(bytes, their offset); they begin later than wanted where the output has grown too fast."""
    part, begin = b'', offset
    for base, path in segments(folder):
        if len(part) >= AT_ONCE:
            break
        if base > begin + len(part):
            # What came before is gone.
            part, begin = b'', base
        try:
            with open(path, 'rb') as file:
                file.seek(begin + len(part) - base)
                part += file.read(AT_ONCE - len(part))
        except FileNotFoundError:
            continue
    return part, begin


# The supervisor.

def environment_of(settings, facts):
    """What the service gets, and the facts of the run."""
    user = pwd.getpwnam(settings['user']) if settings['user'] else pwd.getpwuid(os.geteuid())
    own = {name: str(value) for name, value in settings['environment'].items()}
    host = settings['host']
    with contextlib.suppress(FileNotFoundError):
        with open(settings['instance_env']) as file:
            host = (re.findall(r'^\s*(?:export\s+)?HOST=["\']?([^"\'\s]+)', file.read(), re.M) or [host])[-1]
    path = os.environ.get('PATH')
    shell = {'PATH': '%s:%s' % (path, PATH) if path else PATH, 'HOME': user.pw_dir, 'USER': user.pw_name, 'LOGNAME': user.pw_name}
    machine = {name: value for name, value in os.environ.items() if not name.startswith(('SSH_', 'SUDO_'))}
    return {**machine, **shell, 'HOST': host, 'PORT': str(settings['port']), **own, **facts}


def words_of(folder, command):
    """A release with secrets gives them to the command as it does to the service, without a wait for missing ones."""
    program = os.path.join(folder, '.release-secrets.py')
    if not os.path.exists(program):
        return command, {}
    unset = ['/usr/bin/env', '-u', 'PIPELINE_STAGING', *command]
    return ['/usr/bin/python3', '-I', program, 'run', folder, '--', *unset], {'PIPELINE_STAGING': '1'}


def become(settings):
    """Runs in the child: a group of its own, as the service's user; it is stopped when the supervisor dies."""
    os.setsid()
    if settings['user'] and os.geteuid() == 0:
        user = pwd.getpwnam(settings['user'])
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def signal_group(pid, number):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def supervise(folder, settings, run, request):
    """Runs the command to its end, and writes how that was."""
    own = place(settings, run)
    began = time.monotonic()
    ending = {'why': None, 'kill_at': None}
    child = None

    def end(why):
        if ending['why'] is None and child is not None:
            ending.update(why=why, kill_at=time.monotonic() + settings.get('kill_seconds', KILL_SECONDS))
            signal_group(child.pid, signal.SIGTERM)

    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGTERM, lambda *_: end('stopped'))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    output, redaction = Output(own), Redaction(settings['secrets'])
    words, extra = words_of(folder, request['command'])
    # A stop that comes before the command runs must not be lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        child = subprocess.Popen(
            words,
            cwd=folder,
            env={**environment_of(settings, request['facts']), **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: (become(settings), signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})),
        )
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        said = '%s: %s' % (words[0], error.strerror) if isinstance(error, OSError) else str(error)
        write_json(os.path.join(own, 'exit'), {'error': said, 'seconds': 0})
        return
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    pipe, deadline, quiet_at = child.stdout.fileno(), began + request['timeout'], None
    watched = [pipe, wake_read]
    while True:
        ready = select.select(watched, [], [], 0.25)[0]
        if wake_read in ready:
            os.read(wake_read, 4096)
        if pipe in ready:
            part = os.read(pipe, AT_ONCE)
            output.write(redaction.feed(part))
            if part == b'':
                # It may have closed its output and go on.
                watched.remove(pipe)
        now = time.monotonic()
        if child.poll() is not None:
            quiet_at = quiet_at or now + LINGER_SECONDS
            if pipe not in watched or now >= quiet_at:
                break
        if now >= deadline:
            end('timeout')
        if ending['kill_at'] is not None and now >= ending['kill_at']:
            signal_group(child.pid, signal.SIGKILL)
    # What it has left in the background would otherwise be in the image, or go on with the next version.
    signal_group(child.pid, signal.SIGKILL)
    output.write(redaction.feed(b'', last=True))
    code = child.returncode
    how = {'exit': code} if code >= 0 else {'signal': signal.Signals(-code).name}
    write_json(os.path.join(own, 'exit'), {**how, 'why': ending['why'], 'seconds': round(time.monotonic() - began, 1)})


def detach(lock, work):
    """Runs the work in a process that belongs to nobody's session. Returns when `work` has called what it is given."""
    ready, told = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.close(lock)
            os.close(ready)
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            try:
                work(lambda: os.close(told))
            finally:
                os._exit(0)
        os._exit(0)
    os.close(told)
    os.wait()
    os.read(ready, 1)
    os.close(ready)


# What is to be done.

def start(folder, run, request):
    settings, wanted = load(folder), json.loads(request)
    with locked(settings) as lock:
        marker = os.path.join(folder, '.release-migration')
        try:
            with open(os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as file:
                file.write(run)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            return state_of(folder, settings, run)
        own = place(settings, run)
        shutil.rmtree(own, ignore_errors=True)
        os.makedirs(own, mode=0o700)

        def work(told):
            started = start_time(os.getpid())
            write_json(os.path.join(own, 'supervisor'), {'pid': os.getpid(), 'started': started, 'boot': boot_id()})
            told()
            try:
                supervise(folder, settings, run, wanted)
            except Exception as error:
                # The command is stopped when this process ends.
                write_json(os.path.join(own, 'exit'), {'error': 'its supervisor failed: %s' % error, 'seconds': 0})

        detach(lock, work)
        return state_of(folder, settings, run)


def state_of(folder, settings, run):
    """{state: running | ended | lost | none}, and what is known of its end."""
    own = place(settings, run)
    supervisor = read_json(os.path.join(own, 'supervisor'))
    running = supervisor is not None and alive(supervisor)
    # In this order: one that ends in between has written its end.
    end = read_json(os.path.join(own, 'exit'))
    if end is not None:
        return {'state': 'ended', **end}
    if running:
        return {'state': 'running'}
    try:
        with open(os.path.join(folder, '.release-migration')) as file:
            owner = file.read()
    except FileNotFoundError:
        return {'state': 'none'}
    if owner != run:
        return {'state': 'lost', 'reason': 'run %s has begun it in the same folder' % owner}
    if supervisor is None or supervisor['boot'] != boot_id():
        return {'state': 'lost', 'reason': 'the host was rebooted'}
    return {'state': 'lost', 'reason': 'its supervisor on the host was killed'}


def status(folder, run, offset):
    settings = load(folder)
    with locked(settings):
        now = state_of(folder, settings, run)
    part, begin = output_since(place(settings, run), int(offset))
    more = len(part) == AT_ONCE
    # Whole lines only, while there may be more of the last one.
    if more or now['state'] == 'running':
        part = part[:part.rfind(b'\n') + 1] or (part if more else b'')
    return {**now, 'text': text_of(part), 'skipped': begin - int(offset), 'offset': begin + len(part), 'more': more}


def text_of(part):
    return codecs.decode(part, 'utf-8', 'replace')


def tail(folder, run):
    kept = b''
    for _base, path in segments(place(load(folder), run)):
        with contextlib.suppress(FileNotFoundError):
            with open(path, 'rb') as file:
                kept = (kept + file.read())[-TAIL:]
    return {'text': text_of(kept)}


def stop(folder, run):
    settings = load(folder)
    with locked(settings):
        now = state_of(folder, settings, run)
        supervisor = read_json(os.path.join(place(settings, run), 'supervisor'))
        if now['state'] == 'running':
            with contextlib.suppress(ProcessLookupError):
                os.kill(supervisor['pid'], signal.SIGTERM)
    return now


def forget(folder, run):
    settings = load(folder)
    with locked(settings):
        if state_of(folder, settings, run)['state'] == 'running':
            return {'forgotten': False}
        shutil.rmtree(place(settings, run), ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, '.release-migration'))
    return {'forgotten': True}


if __name__ == '__main__':
    action, *rest = sys.argv[1:]
    done = {'start': start, 'status': status, 'tail': tail, 'stop': stop, 'forget': forget}[action](*rest)
    print(json.dumps(done))
