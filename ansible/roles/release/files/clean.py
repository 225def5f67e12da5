"""Removes from this host what must not be in an image: identity, keys, credentials, history, logs, caches. Prints what it removed.

clean.py <folder of the app> <settings as JSON> [--check | --list] [--host=<folder that the host's files are below>]
Settings: identity and shared of identity.json; paths, made_at_boot, shared_names, keep of the configuration.
What a boot does not create again is printed as `lost: <name>: <path>`, what must not be removed as `wrong: <why>`. With --list it only
prints these, with --check it only validates the settings. Network file systems are skipped, as they are not part of an image. Removing a
folder does not remove file systems that are mounted below it.
"""
import errno
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import sys

arguments = [one for one in sys.argv[1:] if not one.startswith('--')]
options = dict((one.split('=', 1) + [''])[:2] for one in sys.argv[1:] if one.startswith('--'))
host = options.get('--host', '')
ABOVE = os.path.realpath(host) if host else ''
root = host + arguments[0]
settings = json.loads(arguments[1])
touched = []
lost = []
wrong = []
stuck = []

# Folders that many programs share: neither a whole folder nor all of its contents is the identity of one host.
COMMON = (
    '/', '/etc', '/home', '/media', '/mnt', '/opt', '/root', '/srv', '/tmp', '/usr/local', '/var', '/var/cache', '/var/db', '/var/lib',
    '/var/log', '/var/mail', '/var/opt', '/var/spool', '/var/tmp',
)
# Folders of the operating system.
SYSTEM = re.compile(
    r'/(usr(?!/local/.)|bin|boot|dev|lib\w*|proc|run|sbin|sys|var/(lock|run)|var/lib/(apt|dpkg|rpm|pacman)|etc/(apt|alternatives|fstab|group|gshadow|'
    r'init\.d|ld\.so[^/]*|nsswitch\.conf|pam\.d|passwd|shadow|ssl|sudoers(\.d)?|systemd))(/|$)'
)


# File systems that other hosts have, too, and those that are in memory or read-only: an image has neither.
NETWORK = re.compile(r'(nfs\d*|cifs|smb\w*|ceph|lustre|glusterfs|9p|afs|beegfs|gpfs|ocfs2|gfs2|fuse(\..*)?)$')
MEMORY = ('tmpfs', 'ramfs', 'devtmpfs', 'squashfs')


def mounts():
    """Kinds of file systems by mount point; the root itself is the host's in any case."""
    found = {}
    try:
        with open(host + '/proc/self/mountinfo', 'rb') as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        fields = line.split(b' ')
        # Octal escapes for spaces and the like.
        place = re.sub(rb'\\([0-7]{3})', lambda match: bytes([int(match.group(1), 8)]), fields[4])
        if place != b'/':
            found[ABOVE + os.fsdecode(place)] = os.fsdecode(fields[fields.index(b'-') + 1])
    return found


def real_path(path):
    """The path with links resolved, except for its last part."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def shared_by_hosts(path):
    real = real_path(path) + '/'
    above = [place for place in MOUNTS if real.startswith(place + '/')]
    return bool(above) and NETWORK.match(MOUNTS[max(above, key=len)]) is not None


def show(text):
    """A file name on one line, whatever it contains."""
    return ''.join(one if one.isprintable() else one.encode('unicode_escape').decode() for one in text)


def problem_of(path):
    """Why a path may not be removed; None for one that may."""
    if not isinstance(path, str) or not path.startswith('/') or re.search(r'[\x00-\x1f\x7f]', path):
        return 'it must be an absolute path'
    if path == '/' or path in COMMON:
        return 'that folder is not identity of one host; name what is in it'
    if any(part in ('', '.', '..') for part in path.split('/')[1:]):
        return 'it must have no //, ., .. or / at its end'
    if SYSTEM.match(path):
        return 'that belongs to the operating system'
    if re.fullmatch('/home/[^/]+', path):
        return 'that is a whole home; name what is in it'
    for index, part in enumerate(path.split('/')[1:], 1):
        above = '/'.join(path.split('/')[:index]) or '/'
        if re.fullmatch(r'[*?]+', part) and above in COMMON and above not in ('/home',):
            return '%s in %s is everything there' % (part, above)
        if above == '/' and re.search(r'[*?[]', part):
            return 'its first folder must be named'
    if path == arguments[0] or path.startswith(arguments[0] + '/'):
        return 'that is the folder of the app; what is in its shared folder is named in release_clean_shared'
    return None


def shared_problem_of(name):
    if not isinstance(name, str) or name == '' or re.search(r'[\x00-\x1f\x7f]', name):
        return 'it must be a name in the shared folder'
    if name.startswith('/') or any(part in ('', '.', '..') for part in name.split('/')):
        return 'it must be a name in the shared folder, without / at its ends, ., or ..'
    return None


def check():
    """Exits before anything is removed when a value is wrong."""
    names = [rule['name'] for rule in settings['identity']] + settings['shared']
    unknown = 'it must be one of %s' % ', '.join(names)
    wrong = []
    for variable, key, find_problem in (
        ('release_clean', 'paths', problem_of),
        ('release_clean_made_at_boot', 'made_at_boot', problem_of),
        ('release_clean_shared', 'shared_names', shared_problem_of),
        ('release_clean_keep', 'keep', lambda name: None if name in names else unknown),
    ):
        values = settings[key]
        if not isinstance(values, list):
            wrong.append('%s: %r: it must be a list' % (variable, values))
            continue
        wrong += ['%s: %r: %s' % (variable, value, find_problem(value)) for value in values if find_problem(value)]
    if wrong:
        sys.exit('\n'.join(wrong))


def rules():
    """The identity of one host, with whether a boot creates it again."""
    for rule in settings['identity']:
        if rule['name'] not in settings['keep']:
            yield rule['name'], rule.get('paths', []), rule.get('lost', False)
    yield 'release_clean', settings['paths'], True
    yield 'release_clean_made_at_boot', settings['made_at_boot'], False


def matches(pattern):
    """Expands a pattern; a `*` at the end matches everything, also hidden files."""
    hidden = [pattern[:-1] + name for name in ('.[!.]*', '..?*')] if pattern.endswith('/*') else []
    return sorted({path for one in [pattern, *hidden] for path in glob.glob(host + one)})


def found_problem(pattern, path):
    """Why what a pattern has matched may not be removed: a `*` or a link must not lead to a forbidden path."""
    real, own = real_path(path), os.path.realpath(root)
    on_host = real[len(ABOVE):] if real.startswith(ABOVE + '/') else real
    if SYSTEM.match(on_host) and not SYSTEM.match(pattern):
        return 'belongs to the operating system'
    if (own + '/').startswith(real + '/') or real.startswith(own + '/'):
        return 'is the folder of the app, or in it, or has it in it'
    if on_host in COMMON or re.fullmatch('/home/[^/]+', on_host):
        return 'is shared by many programs'
    if os.path.dirname(on_host) in COMMON and os.path.dirname(pattern) not in COMMON and pattern.endswith('/*'):
        return 'is all of a folder that many programs share'
    for place, kind in MOUNTS.items():
        if (place + '/').startswith(real + '/') and kind not in MEMORY and not NETWORK.match(kind):
            return 'is a mount point; name what is in it' if place == real else 'has the mount point %s in it; name what is to go' % place
    return None


def found(pattern, given):
    """The matches of a pattern. Forbidden ones are added to `wrong`, for patterns that are `given` by the configuration."""
    for path in matches(pattern):
        if shared_by_hosts(path):
            continue
        problem = found_problem(pattern, path)
        if problem and (given or problem == 'belongs to the operating system'):
            wrong.append('%s matches %s, which %s' % (pattern, show(path[len(host):]), problem))
            continue
        yield path


def has_content(path):
    """An empty folder is not identity; agents make theirs when they are installed."""
    return os.path.islink(path) or not os.path.isdir(path) or any(files for _parent, _folders, files in os.walk(path))


def remove(*paths):
    for path in paths:
        # Private folders of running units and the payload of the module that runs us: they are removed without this
        # program.
        if re.match('systemd-private-|ansible_.*_payload_', os.path.basename(path)) or shared_by_hosts(path):
            continue
        real = real_path(path)
        if real in MOUNTS or not os.path.lexists(path):
            continue
        if os.path.isdir(path) and not os.path.islink(path):
            if any(place.startswith(real + '/') for place in MOUNTS):
                remove(*(os.path.join(path, name) for name in os.listdir(path)))
                continue
            shutil.rmtree(path, onerror=lambda _call, one, problem: note_stuck(one, problem[1]))
        else:
            try:
                os.unlink(path)
            except OSError as problem:
                note_stuck(path, problem)
        touched.append(path)


def note_stuck(path, problem):
    """Programs that run make and remove files meanwhile: missing files, and folders with new files, are ignored."""
    if problem.errno not in (errno.ENOENT, errno.ENOTEMPTY):
        stuck.append('%s: %s' % (show(path), problem.strerror))


def remove_all(*patterns):
    for pattern in patterns:
        remove(*glob.glob(host + pattern))


def empty(path):
    """Empties a file in place, so that open writers can continue."""
    try:
        if stat.S_ISREG(os.lstat(path).st_mode) and os.path.getsize(path) > 0 and not shared_by_hosts(path):
            os.truncate(path, 0)
            touched.append(path)
    except OSError as problem:
        note_stuck(path, problem)


def own_tree(folder):
    """As os.walk, without what is mounted from other hosts."""
    for parent, folders, files in os.walk(folder):
        if shared_by_hosts(os.path.join(parent, 'x')):
            folders[:] = []
            continue
        yield parent, folders, files


def empty_tree(folder):
    for parent, _folders, files in own_tree(folder):
        for name in files:
            path = os.path.join(parent, name)
            # Rotated logs are of no use to their writer.
            if name.endswith(('.gz', '.xz', '.1', '.old', '.s', '.u')):
                remove(path)
            else:
                empty(path)


def clear_shared(name):
    """Removes the files of a shared folder. Its folders are kept, as the app expects them, and so are the files that keep them in git."""
    for path in glob.glob(os.path.join(glob.escape(root), 'shared', name)):
        if not os.path.isdir(path):
            remove(path)
            continue
        if os.path.islink(path):
            # The app reaches its folder through it, so it stays.
            path = os.path.realpath(path)
            if re.match('/(dev|run|tmp|var/run|var/tmp)/', path[len(ABOVE):] + '/') or shared_by_hosts(path + '/x'):
                continue
            problem = found_problem('', path)
            if problem and not path.startswith(os.path.realpath(os.path.join(root, 'shared')) + '/'):
                stuck.append('%s in the shared folder is a link to %s, which %s' % (show(name), show(path), problem))
                continue
        for parent, folders, files in own_tree(path):
            links = [one for one in folders if os.path.islink(os.path.join(parent, one))]
            remove(*(os.path.join(parent, one) for one in files + links if one not in ('.gitkeep', '.keep', '.gitignore')))


def homes():
    """Homes of root and of everybody who can log in."""
    with open(host + '/etc/passwd', encoding='utf-8', errors='surrogateescape') as file:
        for line in file:
            fields = line.rstrip('\n').split(':')
            if len(fields) == 7 and (fields[2] == '0' or not fields[6].endswith(('nologin', 'false'))) and fields[5] not in ('', '/'):
                yield fields[5]


def run_agent(rule):
    """Where the id is in a file with shared data, only the agent's own program can remove it."""
    ask, run = ([host + command[0]] + command[1:] for command in (rule['ask'], rule['run']))
    if not os.path.exists(run[0]):
        return
    answer = subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True).stdout
    if rule['unset'] in answer:
        return
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode != 0:
        sys.exit('`%s` failed: %s' % (' '.join(rule['run']), done.stdout.strip()))
    touched.append(' '.join(rule['run']))


def tell(lines):
    """As UTF-8: the locale may know fewer characters."""
    sys.stdout.buffer.write(('\n'.join(lines) + '\n').encode())


check()
if '--check' in options:
    sys.exit()
MOUNTS = mounts()
# Everything is checked before anything is removed.
going = []
for name, patterns, is_lost in rules():
    for path in [path for pattern in patterns for path in found(pattern, name.startswith('release_clean'))]:
        going.append(path)
        if is_lost and has_content(path):
            lost.append('lost: %s: %s' % (name, show(path[len(host):])))
if '--list' in options:
    tell(['wrong: ' + one for one in wrong] + lost)
    sys.exit()
if wrong:
    sys.exit('\n'.join(wrong))
remove(*going)
for rule in settings['identity']:
    if 'run' in rule and rule['name'] not in settings['keep']:
        run_agent(rule)
# cloud-init treats the next boot as the first one.
remove_all('/var/lib/cloud/*', '/var/lib/cloud/.[!.]*')
remove_all('/etc/ssh/ssh_host_*')
for home in dict.fromkeys(homes()):
    for name in (
        '.ssh/authorized_keys', '.ssh/authorized_keys2', '.ssh/known_hosts', '.ssh/id_*',
        '.aws', '.boto', '.config/gcloud', '.docker/config.json', '.netrc', '.git-credentials', '.npmrc',
        '.*_history', '.lesshst', '.viminfo', '.wget-hsts', '.npm/_logs', '.cache',
    ):
        remove_all(os.path.join(glob.escape(home), name))
    # Files of the current play, which are not a change of the host.
    if not shared_by_hosts(os.path.join(host + home, '.ansible')):
        shutil.rmtree(os.path.join(host + home, '.ansible'), ignore_errors=True)
empty(host + '/etc/machine-id')
if not os.path.islink(host + '/var/lib/dbus/machine-id'):
    remove_all('/var/lib/dbus/machine-id')
remove_all('/tmp/*', '/tmp/.[!.]*', '/var/tmp/*', '/var/tmp/.[!.]*')
for name in [one for one in settings['shared'] if one not in settings['keep']] + settings['shared_names']:
    clear_shared(name)
remove(*glob.glob(os.path.join(glob.escape(root), 'shared', 'npm-cache', '_logs')))
empty_tree(host + '/var/log')
empty_tree(os.path.join(root, 'shared', 'log'))
if stuck:
    sys.exit('these would be in the image, as they cannot be removed: %s' % '; '.join(stuck[:5] + (['and %d more' % (len(stuck) - 5)] if stuck[5:] else [])))
tell([show(one) for one in touched] + lost)
