"""What each tier stops and by which layer, and what to do where one does not work."""

import shutil
from pathlib import Path

import msgspec

from grader.sandbox.tier import Tier
from grader.sandbox.tiers import probe


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """One tier on this machine."""

    tier: Tier
    problem: str
    """Why it does not work here; empty where it works."""
    stops: tuple[str, ...]
    """What each of its layers stops, one line each."""
    fix: str
    """What to do about the problem; empty where there is none."""

    @property
    def works(self) -> bool:
        """Whether a candidate can be run under it."""
        return not self.problem


_LIMITS = "limits: processor time, memory, file size, open files, a deadline per request"
_FILTER = "seccomp: new processes and programs, ptrace, other processes' memory, shared memory"
LAYERS: dict[Tier, tuple[str, ...]] = {
    Tier.BWRAP: (
        "mount namespace: every file but the interpreter's and the candidate's; writing elsewhere",
        "network namespace: every network, loopback as well; abstract sockets",
        "PID and IPC namespaces: seeing, signalling and outliving other processes",
        _FILTER,
        _LIMITS,
    ),
    Tier.LANDLOCK: (
        "Landlock: reading and writing files but the interpreter's, the candidate's and a scratch",
        f"{_FILTER}; sockets but pairs, signals to others, chmod, chown, utime, xattr",
        _LIMITS,
    ),
    Tier.PROCESS: (_LIMITS, "no intent: it is no security boundary"),
}

_USERNS = Path("/proc/sys/user/max_user_namespaces")
_CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")
_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def diagnose() -> tuple[Diagnosis, ...]:
    """Probe every tier, the strongest first."""
    return tuple(_diagnosis(tier) for tier in Tier)


def _diagnosis(tier: Tier) -> Diagnosis:
    problem = probe(tier) or ""
    fix = ""
    if problem and tier is not Tier.PROCESS:
        fix = _fix_bwrap() if tier is Tier.BWRAP else _fix_landlock()
    return Diagnosis(tier=tier, problem=problem, stops=LAYERS[tier], fix=fix)


def _fix_bwrap() -> str:
    if shutil.which("bwrap") is None:
        return "install bubblewrap 0.8 or newer (`apt-get install bubblewrap`)"
    for file, closed, fix in (
        (_USERNS, "0", "sysctl user.max_user_namespaces=10000"),
        (_CLONE, "0", "sysctl kernel.unprivileged_userns_clone=1"),
        (_APPARMOR, "1", "give bwrap an AppArmor profile with `userns`"),
    ):
        if _content(file) == closed:
            return f"allow user namespaces: {fix}"
    return (
        "allow user namespaces; in a container, start it with --security-opt seccomp=unconfined"
        " --security-opt systempaths=unconfined"
    )


def _fix_landlock() -> str:
    known = _content(Path("/sys/kernel/security/lsm"))
    if known and "landlock" not in known:
        return "add landlock to the kernel's lsm= parameter"
    return "use a kernel of 5.13 or newer that has Landlock, on x86-64 or AArch64"


def _content(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
