"""Atomically points <root>/current at releases/<version>, or removes it for ''.

Records the old version in <root>/previous; not with --forget, for a version that is about to be removed.
Usage: switch.py <root> <version> [--forget] [--dry-run]; prints {changed, previous}. --dry-run only prints what it would change.
"""
import json
import os
import sys


def point(link, target):
    """Renames a new link over the old one, so that the link always exists."""
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
        # The record of the service's start is no longer valid (started.py).
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
