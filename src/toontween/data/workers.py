"""The same function on many things, in other processes, results in order."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from toontween.errors import UnavailableError

Given = TypeVar("Given")
Made = TypeVar("Made")


def spread(
    work: Callable[[Given], Made], items: Iterable[Given], *, workers: int
) -> Iterator[Made]:
    """Do some work on each item, with no more than a few results waiting.

    Args:
        work: A function of a module, for it is sent to other processes.
        items: What to do it on.
        workers: Processes; 1 works in this one.

    Raises:
        UnavailableError: A process died, which Python code cannot do by itself.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= 4 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            hint = "there may be too little memory; use fewer --workers"
            raise UnavailableError("a worker process died", hint=hint) from error
        finally:
            for future in waiting:
                future.cancel()
