"""Stands where a script expects ``python``: has a process of the tests fork the program, and ends as that ends.

Arguments: where to ask, the real Python, and the command. What cannot be forked becomes the real Python.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import struct
import sys

address, python, *command = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(f"\0{address}")
    order = marshal.dumps((command, os.getcwd(), dict(os.environ), os.getsid(0), os.getpgid(0)))  # noqa: PTH109
    socket.send_fds(connection, [struct.pack("!I", len(order))], [0, 1, 2])
    connection.sendall(order)
    # A Ctrl-C of the group is for the program, which says how to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answer = connection.recv(100)
if not answer:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.execv(python, [python, *command])
code = os.waitstatus_to_exitcode(int(answer))
if code < 0:
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
