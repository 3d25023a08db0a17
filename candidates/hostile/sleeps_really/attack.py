"""Waits in C, where no virtual clock helps."""

import ctypes
ctypes.CDLL(None).sleep(3600)
