"""Jobs done one after another in this process, or in parallel by the workers of a Dask cluster."""

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

from ..errors import InputError

CONNECT_SECONDS = 10
MISSING = "--workers and --scheduler need Dask: pip install 'nst-helpers[atlas]'."

Result = Callable[[], Any]
"""Returns a job's result, or raises its exception."""

_one_at_a_time = threading.Lock()


@contextmanager
def done_by(
    function: Callable[..., Any],
    jobs: Iterable[Any],
    shared: Sequence[Any],
    *,
    workers: int = 1,
    scheduler: str | None = None,
) -> Iterator[Iterator[tuple[Any, Result]]]:
    """Yield an iterator over each job and the result of `function(job, *shared)`, in the order they finish.

    Args:
        function: what a worker calls; it should use `alone_in_worker`.
        jobs: the first argument of each call; each is taken only shortly before it is needed.
        shared: further arguments, at least one, sent to each worker once.
        workers: processes on this machine; with one, and no scheduler, each call happens in this process when its
            result is asked for.
        scheduler: address of a Dask scheduler, tcp://host:port, whose workers are used instead.

    Raises:
        InputError: Dask is missing, or the scheduler does not answer.
    """
    if workers == 1 and not scheduler:
        yield ((job, lambda job=job: function(job, *shared)) for job in jobs)
        return
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise InputError(MISSING) from error
    here = {"n_workers": workers, "memory_limit": 0, "dashboard_address": None, "silence_logs": logging.CRITICAL}
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS) if scheduler else Client(**here)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler}; start one with dask scheduler.") from error
    with client:
        if not (count := len(client.nthreads())):
            raise InputError(f"the scheduler at {scheduler} has no workers; start some with dask worker {scheduler}.")
        everywhere = client.scatter(list(shared), broadcast=True)
        waiting, of_job = iter(jobs), {}

        def begun(n: int) -> list[Any]:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sending large graph")  # the pictures are large
                new = {client.submit(function, job, *everywhere, pure=False): job for job in islice(waiting, n)}
            of_job.update(new)
            return list(new)

        def results() -> Iterator[tuple[Any, Result]]:
            running = as_completed(begun(2 * count))  # for each worker one to do, and one to do next
            for done in running:
                running.update(begun(1))
                yield of_job.pop(done), done.result

        yield results()


@contextmanager
def alone_in_worker() -> Iterator[None]:
    """Let only one thread of a Dask worker at a time do this, since they share one network.

    TensorFlow then computes with no more threads than the worker has.
    """
    with _one_at_a_time:
        with suppress(ImportError, ValueError):
            from distributed import get_worker

            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(get_worker().state.nthreads))  # read when it starts
        yield
