"""Tells how well the specification tells breakers apart whose verdicts are known: `grader audit`.

`sections/` holds what is looked at, one module each; `conducting` runs their items over processes,
`grader.store` keeps what came of each, and `pages` shows it.
"""

from grader.audit.conducting import conduct
from grader.audit.model import Audit, Chapter, Item, Setting, Table
from grader.audit.pages import contents, put_into, show
from grader.audit.progress import AuditProgress
from grader.store import Store

STORE = "audit-kept.sqlite"
"""Name of the file of what came of each item, beside the reports."""

__all__ = [
    "STORE",
    "Audit",
    "AuditProgress",
    "Chapter",
    "Item",
    "Setting",
    "Store",
    "Table",
    "conduct",
    "contents",
    "put_into",
    "show",
]
