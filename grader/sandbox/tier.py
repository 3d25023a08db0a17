"""The names of the isolation tiers, strongest first."""

from enum import StrEnum


class Tier(StrEnum):
    """How a candidate is kept away from the machine and from the grader."""

    BWRAP = "bwrap"
    """Namespaces of its own (bubblewrap) and a system call filter: it sees nothing else."""
    LANDLOCK = "landlock"
    """File rules, a system call filter and limits that the worker puts on itself."""
    PROCESS = "process"
    """Resource limits only. Stops accidents, not intent: it is no security boundary."""
