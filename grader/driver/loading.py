"""Imports a candidate's modules in a worker, and tells what they define."""

from grader.binding.shape import Page, Shape
from grader.conversation.failures import Blocked
from grader.conversation.worker import Worker

_MOST_PAGES = 50


def describe(worker: Worker, modules: list[str]) -> Shape:
    """Import the candidate's modules and return what they define; raises what `load` does."""
    load(worker, modules)
    return described(worker)


def load(worker: Worker, modules: list[str]) -> None:
    """Import the candidate's modules; raises Blocked where the first one does not import."""
    for place, module in enumerate(modules):
        reply = worker.request("load", modules=[module])
        if reply.error is not None and place == 0:
            raise Blocked("de-imports", f"importing {module} raised {reply.error}")


def described(worker: Worker) -> Shape:
    """Return what the modules that a worker has imported define."""
    shape: Shape = ()
    for _ in range(_MOST_PAGES):
        page = worker.request("describe", start=len(shape)).value_as(Page)
        shape = (*shape, *page.members)
        if page.next is None:
            break
    return shape
