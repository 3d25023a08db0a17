"""Connects to a named and to an abstract unix socket."""

import _socket
PLANTED_SOCKET = "-"
for address in (PLANTED_SOCKET, "\0" + PLANTED_SOCKET):
    try:
        _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM).connect(address)
    except (OSError, ValueError):
        pass
