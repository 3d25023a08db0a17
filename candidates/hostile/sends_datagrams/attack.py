"""Sends datagrams to loopback."""

import _socket
PLANTED_PORT = 0
try:
    _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", PLANTED_PORT))
except OSError:
    pass
