"""Connects to a listener on loopback."""

import _socket
PLANTED_PORT = 0
with_it = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
try:
    with_it.settimeout(1)
    with_it.connect(("127.0.0.1", PLANTED_PORT))
except OSError:
    pass
