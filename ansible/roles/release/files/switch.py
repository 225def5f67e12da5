"""Atomically points <root>/current at releases/<version>, or removes it for ''.

Remembers what it named before in <root>/previous; with --forget (what it named is about to be removed) it does not.
Usage: switch.py <root> <version> [--forget] [--dry-run]; prints {changed, previous}. --dry-run only says what it would change.
"""
import json
import os
import sys


def point(link, target):
    """A new link renamed over the old one: there is no moment without."""
    fresh = link + '.new'
    if os.path.lexists(fresh):
        os.unlink(fresh)
    os.symlink(target, fresh)
    os.rename(fresh, link)


def switch(root, version, forget=False, dry_run=False):
    current = os.path.join(root, 'current')
    previous = os.path.join(root, 'previous')
    before = os.readlink(current) if os.path.islink(current) else None
    wanted = os.path.join('releases', version) if version else None
    if dry_run:
        return {'changed': before != wanted, 'previous': before and os.path.basename(before)}
    if wanted and not os.path.isfile(os.path.join(root, wanted, 'release.json')):
        sys.exit('%s is not a complete release: stage it first' % os.path.join(root, wanted))
    if before != wanted:
        # What was noted of the service's start holds no more (started.py).
        if os.path.lexists(os.path.join(root, 'started')):
            os.unlink(os.path.join(root, 'started'))
        if before and not forget:
            point(previous, before)
        elif os.path.islink(previous):
            os.unlink(previous)
        if wanted:
            point(current, wanted)
        else:
            os.unlink(current)
    return {'changed': before != wanted, 'previous': before and os.path.basename(before)}


if __name__ == '__main__':
    print(json.dumps(switch(sys.argv[1], sys.argv[2], '--forget' in sys.argv[3:], '--dry-run' in sys.argv[3:])))
