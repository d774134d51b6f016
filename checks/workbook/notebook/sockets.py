"""Listening sockets for live servers."""

from __future__ import annotations

import socket
import sys

HOST = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on the loopback address.

    Args:
        port: the port to take again if it is still free; otherwise, or with 0, any free one.

    Returns:
        The socket. It names its protocol: asyncio turns Nagle's algorithm off only on sockets that say they are TCP,
        and with Nagle every request on a kept connection waits about 40 ms.
    """
    for wanted in (port, 0) if port else (0,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # on Windows it would allow theft instead
        try:
            listener.bind((HOST, wanted))
            listener.listen(128)
        except OSError:
            listener.close()
            if not wanted:
                raise
        else:
            return listener
    raise AssertionError("unreachable")
