"""Grading on a Dask cluster: every worker grades in a sandbox of its own machine.

A task is one candidate. What a worker that dies was grading goes to another one, and no worker
grades with another specification than the one that asks: each task says by which code it has to be
done. Needs the extra `dask`.
"""

from asyncio import CancelledError
from collections.abc import Iterator, Sequence
from typing import Any

from grader import ground, slot
from grader.candidate import Candidate
from grader.errors import GraderError, InputError
from grader.grading import Graded
from grader.sandbox import choose

SCHEME = "dask://"
_PATIENCE = 15
"""Seconds to wait for a scheduler, and for its first worker."""
_RETRIES = 3
"""Connections that may be lost one after the other without anything having been graded."""


class _LostError(Exception):
    """The connection to the scheduler was lost, and with it what it had to do."""


def graded(
    address: str, candidates: Sequence[Candidate], how: slot.Slot
) -> Iterator[tuple[Candidate, Graded]]:
    """Grade on the cluster of a scheduler, `HOST:PORT`; yield each candidate as it is done.

    Where the connection is lost it is made anew, and what was not done is asked for once more.
    Raises InputError where there is no such cluster, or one that cannot do this, and GraderError
    where the connection cannot be kept.
    """
    left = {candidate.id: candidate for candidate in candidates}
    lost = 0
    while left:
        try:
            client = _connected(address)
        except InputError as error:
            if lost:
                raise _gone(address) from error
            raise
        try:
            for candidate, outcome in _asked(client, address, list(left.values()), how):
                del left[candidate.id]
                lost = 0
                yield candidate, outcome
        except _LostError as error:
            lost += 1
            if lost > _RETRIES:
                raise _gone(address) from error


def _connected(address: str) -> Any:
    distributed = _distributed()
    try:
        return distributed.Client(f"tcp://{address}", timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{SCHEME}{address}: no Dask scheduler answers: {error}") from error


def _asked(
    client: Any, address: str, candidates: Sequence[Candidate], how: slot.Slot
) -> Iterator[tuple[Candidate, Graded]]:
    distributed = _distributed()
    with client:
        try:
            _check(client, address)
        except OSError as error:
            raise _LostError from error
        code = ground.code("audit/")
        futures = {
            # Impure: each task has a key of its own, whoever else asks this scheduler.
            client.submit(there, candidate, how, code, pure=False): candidate
            for candidate in candidates
        }
        for future in distributed.as_completed(futures, loop=client.loop):
            yield futures[future], _outcome(future, futures[future])


def there(candidate: Candidate, how: slot.Slot, code: str) -> Graded:
    """Grade a candidate; what a task is, on a worker."""
    if ground.code("audit/") != code:
        raise InputError("a worker has another version of the grader or of the specification")
    choose(str(how.tier))
    return slot.graded(candidate, how)


def _distributed() -> Any:
    try:
        import distributed  # noqa: PLC0415  an extra
    except ImportError as error:
        needs = "--engine dask:// needs Dask: pip install 'breaker-grader[dask]'"
        raise InputError(needs) from error
    return distributed


def _check(client: Any, address: str) -> None:
    """Refuse a cluster without workers, and workers that would grade in several threads."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        raise InputError(f"{SCHEME}{address}: it has no worker") from error
    for name, worker in client.scheduler_info(n_workers=-1)["workers"].items():
        if worker["nthreads"] != 1:
            raise InputError(
                f"{name} has {worker['nthreads']} threads, and grading takes a process of its own:"
                " start it with `dask worker --nthreads 1 --nworkers N`"
            )


def _outcome(future: Any, candidate: Candidate) -> Graded:
    error: BaseException | None
    try:
        error = future.exception()
        if error is None:
            done: Graded = future.result()
            return done
    except (Exception, CancelledError) as gone:  # noqa: BLE001  whatever it failed with is told
        error = gone
    if future.status in {"cancelled", "lost"} or isinstance(error, CancelledError):
        raise _LostError from error
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return Graded(result=slot.without_score(candidate, f"not graded: {reason}"), requirements={})


def _gone(address: str) -> GraderError:
    return GraderError(
        f"{SCHEME}{address}: the connection was lost; the same command goes on from there"
    )
