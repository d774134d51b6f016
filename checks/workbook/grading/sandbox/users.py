"""Two users for a worker, where root starts it: its own, and another one for the services.

So nothing that belongs to the worker can be changed by a service, wherever it lies. Run as root:
``python -I -m workbook.grading.sandbox.users FIRST COMMAND…`` runs the command as user 0 of a new user namespace, which
is the ordinary user FIRST outside of it; user 1 of the namespace is FIRST + 1.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workbook.grading.sandbox import kernel

SERVICE = 1
"""The services' user in the worker's namespace."""
COUNT = 2


def service_user() -> int:
    """The user that services get: another one than the worker's, where this namespace has one."""
    return SERVICE if kernel.mapped_users() >= COUNT else 0


def main() -> None:
    """Become the command."""
    first, command = int(sys.argv[1]), sys.argv[2:]
    process = os.getpid()
    reader, writer = os.pipe()
    helper = os.fork()
    if helper == 0:
        # Its own copy of the other end would keep it waiting forever for a parent that was killed.
        os.close(writer)
        if not os.read(reader, 1):
            os._exit(1)
        # Users can be given to a namespace from outside only, where this process is still root.
        for name in ("uid_map", "gid_map"):
            Path("/proc", str(process), name).write_text(f"0 {first} {COUNT}", encoding="ascii")
        os._exit(0)
    kernel.unshare(kernel.CLONE_NEWUSER)
    os.write(writer, b"!")
    _, status = os.waitpid(helper, 0)
    if status != 0:
        sys.exit("the users of the sandbox could not be made")
    kernel.become(0)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
