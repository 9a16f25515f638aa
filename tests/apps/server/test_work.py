"""Requests and jobs share the workers, and neither starves the other."""

from __future__ import annotations

import asyncio
from threading import Event, Thread

import pytest

pytest.importorskip("fastapi")

from pliant.apps.server import work as work_module
from pliant.apps.server.line import Line, Place
from pliant.apps.server.problems import Problem
from pliant.apps.server.work import Stopped, Ticket, Work

PATIENCE = 60  # seconds


def test_first_come_first_served() -> None:
    line, places = Line(1), [Place() for _ in range(3)]
    for place in places:
        line.join(place)
    assert [place.given for place in places] == [True, False, False]
    line.leave(places[1])  # does not wait any more
    line.leave(places[0])
    assert places[2].given
    line.leave(places[2])
    line.leave(places[2])
    assert (line.taken, line.waiting) == (0, 0)


def test_giving_way_means_going_to_the_end() -> None:
    line, places = Line(1), [Place() for _ in range(3)]
    for place in places:
        line.join(place)
    thread = Thread(target=line.give_way, args=[places[0]])
    thread.start()
    for place in places[1:]:
        place.wait()
        line.leave(place)
    thread.join(PATIENCE)
    assert places[0].given
    line.give_way(places[0])  # nobody waits: returns at once
    assert line.taken == 1


def test_requests_go_between_the_steps_of_a_job_and_both_end() -> None:
    work, order, begun = Work(1, 4), list[str](), Event()

    def job(ticket: Ticket) -> str:
        begun.set()
        assert three_wait.wait(PATIENCE)
        for k in range(3):
            order.append(f"step {k}")
            ticket.step(k / 3)
        return "job"

    three_wait = Event()

    async def run() -> list[str]:
        aside = asyncio.create_task(work.aside(job, Ticket()))
        await asyncio.to_thread(begun.wait, PATIENCE)
        requests = [asyncio.create_task(work.run(lambda _, k=k: order.append(f"request {k}"))) for k in range(3)]
        await asyncio.sleep(0)
        assert (work.running, work.waiting, work.accepts) == (1, 3, True)
        three_wait.set()
        await asyncio.gather(*requests)
        return [await aside]

    assert asyncio.run(run()) == ["job"]
    work.close()
    assert order == ["step 0", "request 0", "request 1", "request 2", "step 1", "step 2"]


def test_a_place_is_lent_while_a_job_comes_to_no_step() -> None:
    line, job, requests = Line(1), Place(gives_way=True), [Place() for _ in range(3)]
    line.join(job)
    for place in requests:
        line.join(place)
    line.lend(requests[1])
    line.lend(requests[2])
    assert [place.given for place in requests] == [False, True, False], "one, beside one job"
    assert line.taken == 2
    thread = Thread(target=line.give_way, args=[job])
    thread.start()
    while job.given:
        pass
    assert not requests[0].given, "what was lent is given back first"
    line.leave(requests[1])
    assert requests[0].given
    line.lend(requests[2])
    assert not requests[2].given, "there is no job to be beside"
    line.leave(requests[0])
    line.leave(requests[2])
    thread.join(PATIENCE)
    assert (job.given, line.taken, line.waiting) == (True, 1, 0)


def test_a_request_is_done_beside_a_job_that_never_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_module, "LENDING", 0.01)
    work, begun, free = Work(1, 0), Event(), Event()

    def job(ticket: Ticket) -> None:
        begun.set()
        assert free.wait(PATIENCE)

    async def run() -> None:
        aside = asyncio.create_task(work.aside(job, Ticket()))
        await asyncio.to_thread(begun.wait, PATIENCE)
        for k in range(3):
            assert await work.run(lambda ticket, k=k: k) == k
        free.set()
        await aside

    asyncio.run(run())
    work.close()
    assert (work.running, work.waiting) == (0, 0)


def test_many_jobs_take_no_place_in_the_queue_and_do_not_block_each_other() -> None:
    work = Work(1, 0)

    async def run() -> list[int]:
        jobs = [asyncio.create_task(work.aside(lambda ticket, k=k: (ticket.step(), k)[1], Ticket())) for k in range(20)]
        await asyncio.sleep(0)
        assert await work.run(lambda ticket: -1) == -1
        return await asyncio.gather(*jobs)

    assert asyncio.run(run()) == list(range(20))
    work.close()
    assert (work.running, work.waiting) == (0, 0)


def test_a_job_that_is_stopped_while_it_waits() -> None:
    work, free, begun = Work(1, 1), Event(), Event()

    def request(ticket: Ticket) -> None:
        begun.set()
        assert free.wait(PATIENCE)

    async def run() -> None:
        running = asyncio.create_task(work.run(request))
        await asyncio.to_thread(begun.wait, PATIENCE)
        ticket = Ticket()
        job = asyncio.create_task(work.aside(lambda _: pytest.fail("it was stopped"), ticket))
        while not work.waiting:
            await asyncio.sleep(0)
        ticket.stop()
        with pytest.raises(Stopped):
            await job
        assert (work.running, work.waiting) == (1, 0)
        free.set()
        await running

    asyncio.run(run())
    work.close()


def test_the_queue_counts_requests_that_are_stopped_until_they_have_ended() -> None:
    work, free, begun = Work(1, 0), Event(), Event()

    def request(ticket: Ticket) -> None:
        begun.set()
        assert free.wait(PATIENCE)

    async def run() -> None:
        running = asyncio.create_task(work.run(request))
        await asyncio.to_thread(begun.wait, PATIENCE)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(Problem, match="1 requests are computed and 0 wait"):
            await work.run(request)
        free.set()
        while not work.accepts:
            await asyncio.sleep(0)
        assert await work.run(lambda ticket: 5) == 5

    asyncio.run(run())
    work.close()
