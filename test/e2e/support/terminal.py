"""Runs a command on a pseudo-terminal as the leader of its session, as sshd does: types what comes on stdin, and hangs up when that ends.

stdout gets what the command wrote to the terminal until then, and the exit code as the last line.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    # Wide enough for the live list.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])

while True:
    readable, _, _ = select.select([terminal, 0], [], [])
    if 0 in readable:
        keys = os.read(0, 4096)
        if keys == b"":
            break
        os.write(terminal, keys)
    if terminal in readable:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            break
        os.write(1, shown)

# The last reader of the terminal goes: the kernel sends SIGHUP, and every later write fails with EIO.
os.close(terminal)
_, status = os.waitpid(pid, 0)
print(f"\n{os.waitstatus_to_exitcode(status)}")
