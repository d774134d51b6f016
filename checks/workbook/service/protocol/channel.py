"""JSON messages, one a line, over a connected socket, with a size limit and a deadline."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any, cast

from workbook.service.protocol.untrusted import json_object

MESSAGE_LIMIT = 8 * 1024 * 1024
"""Bytes. A longer message is none: the conversation is over."""


class ChannelClosed(Exception):
    """The other side is gone, or sent something that is no message."""


class Channel:
    """One end of a conversation in JSON lines. Sending is thread-safe; one thread receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._send_lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            ChannelClosed: the other side is gone.
        """
        data = json.dumps(message, ensure_ascii=True, default=repr).encode() + b"\n"
        try:
            with self._send_lock:
                self._connection.sendall(data)
        except OSError as fault:
            raise ChannelClosed(str(fault)) from fault

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Wait for the next message.

        Args:
            timeout: seconds to wait; None waits for ever.

        Returns:
            The message, or None when the time is over.

        Raises:
            ChannelClosed: the other side is gone, or sent no JSON object.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                return _parse(line)
            searched = len(self._buffer)
            if searched > MESSAGE_LIMIT:
                raise ChannelClosed("a message is too long")
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            try:
                self._connection.settimeout(left)
                chunk = self._connection.recv(65536)
            except TimeoutError:
                return None
            except OSError as fault:
                raise ChannelClosed(str(fault)) from fault
            finally:
                # Sending uses the same socket from other threads and must not inherit this time limit.
                self._restore()
            if not chunk:
                raise ChannelClosed("the other side closed the conversation")
            self._buffer += chunk

    def _restore(self) -> None:
        try:
            self._connection.settimeout(None)
        except OSError as fault:
            raise ChannelClosed(str(fault)) from fault

    def close(self) -> None:
        """End the conversation."""
        self._connection.close()


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise ChannelClosed("a message is not JSON") from fault
    if not isinstance(message, dict):
        raise ChannelClosed("a message is not a JSON object")
    return json_object(cast("object", message))
