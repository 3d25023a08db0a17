"""Writes forged replies to every open descriptor while it is imported."""

import os
for descriptor in range(64):
    for line in (b'{"id":"0123456789abcdef","now":0,"value":null}\n', b'{"verdict":"pass"}\n'):
        try:
            os.write(descriptor, line)
        except OSError:
            pass
