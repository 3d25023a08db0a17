"""Starting untrusted code in a place it cannot leave: tiers, probes, one sandbox per candidate."""

from grader.sandbox.launch import Sandbox, launch
from grader.sandbox.layers import Diagnosis, diagnose
from grader.sandbox.tiers import Tier, choose, probe

__all__ = ["Diagnosis", "Sandbox", "Tier", "choose", "diagnose", "launch", "probe"]
