"""How much of the time work has to wait for a processor, as Linux accounts for it (PSI)."""

from pathlib import Path

_CPU = Path("/proc/pressure/cpu")


def share_of_waiting(source: Path = _CPU) -> float:
    """Return the share of the last ten seconds in which work waited for a processor, 0 to 1.

    0 where the kernel does not account for it.
    """
    try:
        words = source.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return 0.0
    told = next((word.partition("=")[2] for word in words if word.startswith("avg10=")), "")
    try:
        return min(max(float(told) / 100, 0.0), 1.0)
    except ValueError:
        return 0.0
