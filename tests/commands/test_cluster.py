"""Jobs here or on a Dask cluster: what comes back, when they are asked for, and what their failures are."""

import warnings

import pytest

from nst_helpers.commands.cluster import done_by
from nst_helpers.errors import InputError


def longer(text, most):
    """A job, whose failure is that of one job."""
    if len(text) > most:
        raise InputError(f"{len(text)} is too long.")
    return len(text)


@pytest.fixture(params=["here", "on a cluster"])
def where(request):
    """How the jobs are done: here, or by two workers, which are threads of this process."""
    if request.param == "here":
        yield {}
        return
    distributed = pytest.importorskip("distributed")
    options = {
        "processes": False,
        "protocol": "tcp",
        "threads_per_worker": 1,
        "host": "127.0.0.1",
        "dashboard_address": None,
    }
    with distributed.LocalCluster(n_workers=2, **options) as cluster:
        yield {"scheduler": cluster.scheduler_address}


def test_each_job_comes_back_with_its_result_or_its_failure(where):
    jobs = ["x" * n for n in range(9)]
    found = []
    with done_by(longer, jobs, [7], **where) as results:
        for job, result in results:
            found.append(job)
            if len(job) == 8:
                with pytest.raises(InputError, match="8 is too long"):
                    result()
            else:
                assert result() == len(job)
    assert sorted(found) == jobs


def test_jobs_are_asked_for_only_when_their_turn_comes(where):
    asked = []

    def jobs():
        for n in range(30):
            asked.append(n)
            yield "x" * n

    with done_by(longer, jobs(), [99], **where) as results:
        next(results)
        assert len(asked) <= 5
        assert len(list(results)) == 29


def test_large_pictures_are_sent_without_a_word(where):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with done_by(longer, [b"x" * 20_000_000], [10**9], **where) as results:
            assert [result() for _, result in results] == [20_000_000]


def test_no_jobs_at_all(where):
    with done_by(longer, [], [1], **where) as results:
        assert list(results) == []
