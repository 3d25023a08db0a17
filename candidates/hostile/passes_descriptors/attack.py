"""Sends a descriptor of its own over every socket that it finds."""

import array, os, _socket
for descriptor in range(3, 64):
    try:
        found = _socket.socket(fileno=os.dup(descriptor))
        found.sendmsg([b"\n"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [descriptor]))])
    except OSError:
        pass
