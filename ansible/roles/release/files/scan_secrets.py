"""Looks for the values of the host's secrets on its own disk, which is about to become an image.

Usage: scan_secrets.py ROOT RUN [FOLDER]; ROOT is that of the app, RUN the folder in memory with its values (host_secrets.py), FOLDER the only
one to be looked through.
Every file of every file system that an image takes is read: what is mounted read-only cannot have been written, and what is in memory or
belongs to the kernel is not in an image. Values go to grep by a file in memory, never as arguments. Values of fewer than 8 characters are
not looked for, as they would be found everywhere; of one with several lines the longest counts, as grep compares lines, and of PEM blocks those
that are not public. The passwords in a JSON object or a URL are looked for by themselves, too, from 12 characters on.
On a hit: exit 1, with the file and the name of the secret. So where a value is not in memory: nobody knows then what to look for.
"""
import glob
import json
import mmap
import os
import re
import subprocess
import sys
import urllib.parse

root, run, *only = sys.argv[1:]
KERNEL = ('/proc', '/sys', '/dev', '/run')
SHORTEST = 8
SHORTEST_PART = 12
"""Parts are guessed, and a password such as `postgres` is in many files."""
SHOWN = 5
VIRTUAL = {
    'autofs', 'binfmt_misc', 'bpf', 'cgroup', 'cgroup2', 'configfs', 'debugfs', 'devpts', 'devtmpfs', 'efivarfs', 'fusectl', 'hugetlbfs',
    'mqueue', 'nfs', 'nfs4', 'nsfs', 'proc', 'pstore', 'ramfs', 'rpc_pipefs', 'securityfs', 'squashfs', 'sysfs', 'tmpfs', 'tracefs',
}
# Other hosts have them, too, so an image has not.
NETWORK = re.compile(r'(nfs\d*|cifs|smb\w*|ceph|lustre|glusterfs|9p|afs|beegfs|gpfs|ocfs2|gfs2|fuse(\..*)?)$')
PUBLIC = re.compile(r'-----BEGIN ((?:TRUSTED )?CERTIFICATE|(?:RSA )?PUBLIC KEY|CERTIFICATE REQUEST|X509 CRL)-----.*?-----END \1-----', re.S)
SECRET_KEY = re.compile(r'(?<!public)(?<!public_)(key|token|passwd|password|passphrase|pwd|secret|credentials?)$', re.I)


def read_json(path):
    try:
        with open(path) as file:
            found = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def line_of(text):
    """What to look for of a value: its longest line that is not public."""
    lines = [line.strip() for line in PUBLIC.sub('', text).splitlines() if not line.startswith('-----')]
    return max(lines or [''], key=len) or max(text.splitlines() or [''], key=len).strip()


def leaves(value, key=''):
    """Texts in JSON whose key is that of a secret."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in leaves(inner, name)]
    if isinstance(value, list):
        return [one for inner in value for one in leaves(inner, key)]
    return [value] if isinstance(value, str) and SECRET_KEY.search(key) else []


def parts(value):
    """Secrets inside of a value: in a JSON object, or the password of a URL."""
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if isinstance(found, (dict, list)):
        return leaves(found)
    try:
        password = urllib.parse.urlsplit(value).password if '://' in value else None
    except ValueError:
        password = None
    return [password, urllib.parse.unquote(password)] if password else []


def assert_held(values):
    """Fails when the release that serves has secrets whose values are not in memory."""
    needed = read_json(os.path.join(root, 'current', '.release-secrets.json')).get('references', {})
    lacking = sorted(name for name, reference in needed.items() if reference not in values)
    if lacking:
        sys.exit(
            'secrets: this disk is not baked: it cannot be compared with %s, whose values are not in %s. '
            'They are there once the service has been started' % (', '.join(lacking), os.path.join(run, 'values.json'))
        )


def secrets():
    """What to look for: names by pattern."""
    values = read_json(os.path.join(run, 'values.json'))
    assert_held(values)
    # Those that a refresh has replaced may be on the disk as well.
    before = [read_json(path) for path in glob.glob(os.path.join(glob.escape(run), 'before-*.json'))]
    names = {}
    for path in glob.glob(os.path.join(glob.escape(root), 'releases', '*', '.release-secrets.json')):
        with open(path) as file:
            for name, reference in json.load(file)['references'].items():
                names.setdefault(reference, set()).add(name)
    found = {}
    for reference, value in [one for some in [values, *before] for one in some.items()]:
        inner = [line for line in map(line_of, parts(value)) if len(line) >= SHORTEST_PART]
        # The lines of a JSON object that is written over several are public ones, too.
        whole = [] if inner and '\n' in value.strip() else [line_of(value)]
        for line in whole + inner:
            for pattern in {line, json.dumps(line)[1:-1]}:
                if len(line) >= SHORTEST:
                    found.setdefault(pattern, set()).update(names.get(reference, {reference}))
    return found


def mounts():
    """Mount points with whether an image has what is there."""
    found = {}
    with open('/proc/self/mountinfo', 'rb') as file:
        for line in file:
            fields = line.split()
            # Octal escapes for spaces and the like.
            place = os.fsdecode(re.sub(rb'\\([0-7]{3})', lambda match: bytes([int(match.group(1), 8)]), fields[4]))
            kind = fields[fields.index(b'-') + 1].decode()
            elsewhere = kind in VIRTUAL or NETWORK.match(kind)
            # The disk of a machine is its root, whatever that is made of; a rehearsal has it in memory.
            found[place] = place == '/' or (not elsewhere and b'rw' in fields[5].split(b','))
    return found


def places():
    """Folders and files to look through, and those to leave out below them."""
    if only:
        return only, ()
    found = mounts()
    kernel = tuple(name + '/' for name in KERNEL)
    return [place for place, taken in found.items() if taken and not (place + '/').startswith(kernel)], {*found, *KERNEL}


def files():
    wanted, left_out = places()
    for place in wanted:
        if os.path.isfile(place):
            yield place
            continue
        folders = [place]
        while folders:
            try:
                entries = list(os.scandir(folders.pop()))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                sys.exit('secrets: the disk cannot be compared with the values of its secrets: %s: %s' % (error.filename, error.strerror))
            for entry in entries:
                if entry.path in left_out:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path


def grep(patterns, paths):
    """Files that hold any of the patterns."""
    memory = os.memfd_create('patterns')
    os.write(memory, ('\n'.join(patterns) + '\n').encode('utf-8', 'surrogatepass'))
    words = ['xargs', '-0', '-r', '-n', '500', '-P', str(os.cpu_count() or 1), 'grep', '-lZF', '-f', '/proc/self/fd/%d' % memory, '--']
    process = subprocess.run(
        words,
        input=b''.join(os.fsencode(path) + b'\0' for path in paths),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[memory],
        env={'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C'},
    )
    # 123: some grep has found nothing. Files may go while we look.
    wrong = [line for line in process.stderr.decode(errors='replace').splitlines() if 'No such file or directory' not in line]
    if process.returncode not in (0, 123) or wrong:
        sys.exit('secrets: the disk cannot be compared with the values of its secrets: %s' % '; '.join(wrong[:5] or [str(process.returncode)]))
    return [os.fsdecode(path) for path in process.stdout.split(b'\0') if path]


def names_in(path, patterns):
    """Names of the secrets in a file, which may be larger than the memory; none when it is gone."""
    try:
        with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            held = [names for pattern, names in patterns.items() if content.find(pattern.encode('utf-8', 'surrogatepass')) >= 0]
    except (FileNotFoundError, ValueError):
        return []
    return sorted({name for names in held for name in names})


patterns = secrets()
if patterns:
    found = ((path, names_in(path, patterns)) for path in sorted(grep(patterns, files())))
    hits = ['%s holds the value of %s' % (path, ', '.join(names)) for path, names in found if names]
    if hits:
        more = ['%d more files' % (len(hits) - SHOWN)] if len(hits) > SHOWN else []
        sys.exit(
            'secrets: this disk is not baked: %s. What writes it there must not, as it would be in every image. '
            'A value that is not a secret, such as a user name, belongs in a variable of the service instead' % '; '.join(hits[:SHOWN] + more)
        )
