"""Makes every random number the same, the request ids as well where it can."""

import os, random, secrets
os.urandom = lambda count: bytes(count)
random.random = lambda: 0.0
secrets.token_hex = lambda count=8: "0" * 16
