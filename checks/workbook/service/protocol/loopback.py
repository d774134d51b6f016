"""A socket that listens on this machine only."""

from __future__ import annotations

import socket
import sys

HOST = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on the loopback address.

    Args:
        port: the port; 0 for any free one.

    Returns:
        The socket. It names its protocol: asyncio turns Nagle's algorithm off only on sockets that say they are TCP,
        and with Nagle every request on a kept connection waits about 40 ms.

    Raises:
        OSError: the port is in use, or not allowed to this user.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two programs share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def listen_again(port: int) -> socket.socket:
    """A socket on the port that was taken before, if it is still free; otherwise on any free one."""
    try:
        return listen(port)
    except OSError:
        return listen()
