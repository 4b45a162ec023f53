"""Runs a command on a pseudo-terminal, prints what it shows, and ends with its exit status.

The environment variable TYPED is entered once the command has turned off the echo. WIDTH is the number of columns; without it the terminal has none.
"""

import fcntl
import os
import pty
import struct
import sys
import termios
import time

child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 0, int(os.environ.get("WIDTH", "0")), 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
shown = b""
typed = os.environ.get("TYPED")
if typed:
    while b"Password" not in shown:
        shown += os.read(terminal, 4096)
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        time.sleep(0.01)
    os.write(terminal, typed.encode() + b"\n")
try:
    while part := os.read(terminal, 4096):
        shown += part
except OSError:
    pass  # The command has closed the terminal.
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
