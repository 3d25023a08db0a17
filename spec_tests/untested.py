"""The rows of the catalogue that cannot be tested, each with its reason; at most three.

Each is listed by a call of `untested` (see `grader.specification`).
"""

from grader.specification import INFORMATIVE, untested

untested(
    "as-trio",
    INFORMATIVE,
    area="async",
    sentence="Whether it works on trio as well is a choice; asyncio alone is enough.",
    source="the definition",
    reason="trio keeps a clock of its own, which cannot be put on virtual time from outside",
)
