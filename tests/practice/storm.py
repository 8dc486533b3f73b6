"""A storm: real workers at real work, killed in turn, frozen past their lease, robbed of Redis, all from one seed."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from real_processes import RealProcess, RedisServer
from sqlalchemy import func, select

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, ModelVersion, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import JobKind
from cgn_core.services.data_versions import hash_daily, store_version
from cgn_core.services.generations import request_generation
from cgn_core.services.retrainings import request_retraining
from cgn_core.services.scorings import request_scoring
from cgn_core.services.validations import ValidationSettings, request_validation
from cgn_core.settings import settings
from datagen import generate_many

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
CREATORS = 30
LAST_DAY = date(2026, 6, 28)
MIX = {"retrain": 40, "generate": 20, "validate": 25, "score": 15}
"""How often each is asked for; each generation is followed by a retraining of its own."""
_CLAIMED = re.compile(r"job (\S+) \((\w+)\) claimed with fence (\d+)")
_ENDED = re.compile(
    r"job (\S+?)(?: (?:done|cancelled|is no longer ours|refused|failed|was given back)|: the database failed)"
)
_LOST = re.compile(r"job (\S+) is no longer ours \(fence (\d+)\)")
_GLANCE = 0.1
_RESTART = 1.0
"""Seconds that Redis is away."""
_MARGIN = 3.0
"""Seconds beyond the lease that a worker stays frozen."""
_LONGEST = 3600.0


@dataclass(frozen=True)
class Weather:
    """How hard it blows."""

    seed: int
    jobs: int = 60
    workers: int = 3
    waiting: int = 12
    """Jobs unfinished at once."""
    between_kills: float = 2.0
    most_kills: int | None = 6
    """None goes on until the jobs are done."""
    only_busy: bool = True
    """Kill only in the middle of a job; else each in turn whatever it does, but for programs that still import."""
    whole_every: int = 5
    """Of so many kills one takes the program too that would let another worker follow."""
    freezes: int = 1
    wipes: int = 2


@dataclass
class Outcome:
    """What it came to."""

    database: str
    weather: Weather
    kinds: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    whole: int = 0
    """Of these, how many took a whole ``cgn worker``; the others the process that works, which it follows itself."""
    freezes: int = 0
    wipes: int = 0
    hit: int = 0
    """Kills and freezes that struck a worker in the middle of a job."""
    done_once: int = 0
    repeated: int = 0
    """Jobs that needed more than one attempt."""
    most_attempts: int = 0
    refused: int = 0
    """Claims that a worker found void: whatever it would have written was refused."""
    longest_silence: float = 0.0
    seconds: float = 0.0
    drained: float = 0.0
    lines: list[str] = field(default_factory=list)
    """What happened, second by second."""

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)


class Work:
    """The jobs: asked for as the portal asks, a few at a time."""

    def __init__(self, owner: Actor, weather: Weather, chance: random.Random) -> None:
        self.owner, self.weather, self.chance = owner, weather, chance
        self.asked: dict[UUID, str] = {}
        self.expected = 0
        """Jobs that there will be, the retrainings that follow generations included."""
        self._workspaces = _store_creators(owner)

    @property
    def all_asked(self) -> bool:
        """Whether there is nothing more to ask for."""
        return self.expected >= self.weather.jobs

    def ask_for_more(self, unfinished: int) -> None:
        """Fill the queue up."""
        for _ in range(self.weather.waiting - unfinished):
            if self.all_asked:
                return
            kind = self.chance.choices(list(MIX), list(MIX.values()))[0]
            if kind == "generate" and self.expected + 2 > self.weather.jobs:
                kind = "validate"
            with transaction() as session:
                job_id = self._ask(session, kind)
            if job_id not in self.asked:  # a retraining that joined another is the same job
                self.asked[job_id] = kind
                self.expected += 2 if kind == "generate" else 1

    def _ask(self, session: Any, kind: str) -> UUID:
        key, workspace = uuid4().hex, self.chance.choice(self._workspaces)
        if kind == "retrain":
            return request_retraining(session, self.owner, workspace, key=key)
        if kind == "validate":
            model = self.chance.choice(("ols", "huber", "daily"))
            return request_validation(session, self.owner, workspace, settings=ValidationSettings(model=model), key=key)
        if kind == "score":
            return request_scoring(session, self.owner, workspace, key=key)
        days, handle = self.chance.randrange(70, 300), f"storm.{self.expected}"
        return request_generation(
            session, self.owner, profile="micro", days=days, seed=self.expected, handles=[handle], key=key
        )


class Fleet:
    """Workers, each started again as soon as it was killed."""

    def __init__(self, start: Callable[[], RealProcess], size: int) -> None:
        self._start = start
        self.workers = [start() for _ in range(size)]
        self.all = list(self.workers)
        self.frozen: dict[int, float] = {}
        """By place, when it is to be thawed."""
        self._turn = 0

    def next(self, *, busy: bool) -> int | None:
        """The place of the worker whose turn it is, of those in the middle of a job if ``busy``; None where none is."""
        size = len(self.workers)
        turns = [place for step in range(size) if (place := (self._turn + step) % size) not in self.frozen]
        fit = doing if busy else RealProcess.children
        return next((place for place in turns if fit(self.workers[place])), None)

    def kill(self, place: int, *, whole: bool) -> tuple[int, str | None]:
        """Kill the one that works, or all of its program and start that again: the killed pid and what it was doing."""
        killed, self._turn = self.workers[place], place + 1
        now = killed.children()
        if now and not whole:
            with suppress(ProcessLookupError):
                os.kill(now[-1], signal.SIGKILL)
            return now[-1], doing(killed)
        killed.kill()
        self.workers[place] = self._start()
        self.all.append(self.workers[place])
        return killed.pid, doing(killed)

    def freeze(self, place: int | None, seconds: float) -> tuple[int, str | None]:
        """Freeze one, anyone where ``place`` is None: its pid and what it was doing."""
        place = place if place is not None else next(at for at in range(len(self.workers)) if at not in self.frozen)
        worker = self.workers[place]
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGSTOP)
        self.frozen[place] = time.monotonic() + seconds
        # By itself too: who thaws it may at that time wait for a row that it had locked.
        timer = threading.Timer(seconds, _go_on, [worker.pid])
        timer.daemon = True
        timer.start()
        return worker.pid, doing(worker)

    def thaw(self) -> list[int]:
        """Thaw those whose time has come: their pids."""
        due = [place for place, until in self.frozen.items() if time.monotonic() >= until]
        for place in due:
            del self.frozen[place]
            _go_on(self.workers[place].pid)
        return [self.workers[place].pid for place in due]


def _go_on(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGCONT)


def doing(worker: RealProcess) -> str | None:
    """The job that a worker has claimed and not ended, by its log."""
    log = worker.log.rpartition("another begins")[2]
    ended = {match[1] for match in _ENDED.finditer(log)}
    open_claims = [match for match in _CLAIMED.finditer(log) if match[1] not in ended]
    return f"job {open_claims[-1][1]} ({open_claims[-1][2]}) under fence {open_claims[-1][3]}" if open_claims else None


class Storm:
    """The faults, on a schedule drawn from a seed."""

    def __init__(self, weather: Weather, fleet: Fleet, redis: RedisServer, outcome: Outcome) -> None:
        self.weather, self.fleet, self.redis, self.outcome = weather, fleet, redis, outcome
        self.began = self.last_fault = time.monotonic()
        self.begins = False
        """Before the first job is done nothing is at stake."""
        chance = random.Random(weather.seed)
        # Freezes and wipes fall where so many jobs have ended.
        kinds = ["freeze"] * weather.freezes + ["wipe"] * weather.wipes
        self._planned = sorted(((chance.uniform(0.05, 0.9) * weather.jobs, kind) for kind in kinds), reverse=True)
        self._next_kill: float | None = None

    def note(self, sentence: str) -> None:
        """Write what happened."""
        self.outcome.lines.append(f"{time.monotonic() - self.began:7.1f} s  {sentence}")

    def blow(self, *, ended: int, over: bool) -> None:
        """Do what is due when so many jobs have ended; ``over`` when all were asked for and few are left."""
        for pid in self.fleet.thaw():
            self.last_fault = time.monotonic()
            self.note(f"thawed worker {pid}")
        if self._planned and (ended >= self._planned[-1][0] or over):
            _, fault = self._planned[-1]
            if fault == "wipe":
                self._wipe()
            else:
                self._freeze(urgent=over)
        if self._next_kill is None and self.begins:
            self._next_kill = time.monotonic()
        most = self.weather.most_kills
        if self._next_kill is not None and not over and (most is None or self.outcome.kills < most):
            self._kill()

    def _wipe(self) -> None:
        self.redis.stop()
        time.sleep(_RESTART)
        self.redis.start()
        self._planned.pop()
        self.outcome.wipes += 1
        self.last_fault = time.monotonic()
        self.note("wiped Redis and started it again")

    def _freeze(self, *, urgent: bool) -> None:
        place = self.fleet.next(busy=True)
        if place is None and not urgent:
            return  # one that works will be found soon
        self._planned.pop()
        pid, busy = self.fleet.freeze(place, settings().job_lease + _MARGIN)
        self.outcome.freezes += 1
        self.outcome.hit += busy is not None
        self.last_fault = time.monotonic()
        self.note(f"froze worker {pid} at {busy or 'no job'}")

    def _kill(self) -> None:
        moment = time.monotonic()
        if self._next_kill is None or moment < self._next_kill:
            return
        place = self.fleet.next(busy=self.weather.only_busy)
        if place is None:
            return
        whole = self.outcome.kills % self.weather.whole_every == self.weather.whole_every - 1
        pid, busy = self.fleet.kill(place, whole=whole)
        self._next_kill = moment + self.weather.between_kills
        self.outcome.kills += 1
        self.outcome.whole += whole
        self.outcome.hit += busy is not None
        self.last_fault = time.monotonic()
        self.note(f"killed {'all of worker' if whole else 'worker'} {pid} at {busy or 'no job'}")


def run_storm(
    weather: Weather, *, owner: Actor, redis: RedisServer, start_worker: Callable[[], RealProcess], database: str
) -> Outcome:
    """Let the storm blow until every job has ended; what it came to."""
    outcome, work = Outcome(database, weather), Work(owner, weather, random.Random(weather.seed))
    fleet, watch = Fleet(start_worker, weather.workers), Watch()
    storm = Storm(weather, fleet, redis, outcome)
    while True:
        unfinished = watch.look()
        storm.begins = storm.begins or watch.done > 0
        work.ask_for_more(unfinished)
        if work.all_asked and not unfinished and not watch.look():
            break
        over = work.all_asked and unfinished <= weather.waiting // 2
        storm.blow(ended=work.expected - unfinished, over=over)
        assert time.monotonic() - storm.began < _LONGEST, "the storm never ends"
        time.sleep(_GLANCE)
    ended = time.monotonic()
    outcome.drained, outcome.seconds = ended - storm.last_fault, ended - storm.began
    while fleet.frozen:
        time.sleep(_GLANCE)
        for pid in fleet.thaw():
            storm.note(f"thawed worker {pid}")
    time.sleep(settings().job_heartbeat + 1)  # for those that were thawed to find out
    outcome.longest_silence = watch.longest
    count(outcome, work, [worker.log for worker in fleet.all])
    return outcome


class Watch:
    """Looks at the jobs that haven't ended, and remembers the longest time one of them stood still."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.done = 0
        """Jobs that are."""
        self._seen: dict[UUID, tuple[object, float]] = {}

    def look(self) -> int:
        """How many there are."""
        moved = (Job.id, Job.state, Job.progress, Job.message, Job.fence)
        with reading() as session:
            rows = session.execute(select(*moved).where(Job.state.in_(UNFINISHED))).all()
            self.done = session.scalar(select(func.count()).where(Job.state == JobState.DONE)) or 0
        moment, seen = time.monotonic(), {}
        for job_id, *state in rows:
            before = self._seen.get(job_id)
            seen[job_id] = before if before is not None and before[0] == state else (state, moment)
            self.longest = max(self.longest, moment - seen[job_id][1])
        self._seen = seen
        return len(rows)


def count(outcome: Outcome, work: Work, logs: list[str]) -> None:
    """Fail unless every job is done, once; add to the outcome what the workers' logs and the database say."""
    said_done = Counter(job for log in logs for job in re.findall(r"job (\S+) done", log))
    with reading() as session:
        jobs = list(session.scalars(select(Job)))
        session.expunge_all()
        models = Counter(session.scalars(select(ModelVersion.job_id)))
        made = dict(
            session.execute(
                select(Workspace.handle, func.count()).where(Workspace.handle.startswith("storm.")).group_by("handle")
            ).all()
        )
    outcome.kinds = dict(Counter(job.kind for job in jobs))
    assert len(jobs) == work.expected, (len(jobs), work.expected)
    assert {job.state for job in jobs} == {JobState.DONE}, [(job.kind, job.error) for job in jobs if job.error]
    fences = {str(job.id): job.fence for job in jobs}
    for log in logs:
        for job, fence in _LOST.findall(log):
            assert int(fence) < fences[job], f"job {job} was lost under the fence that is in force"
            outcome.refused += 1
    assert len(made) == outcome.kinds.get(JobKind.GENERATE, 0), "a generation left two workspaces, or none"
    for job in jobs:
        results = models[job.id] if job.kind == JobKind.RETRAIN else 1
        assert (results, said_done[str(job.id)] <= 1) == (1, True), (job.id, job.kind, results)
        outcome.done_once += 1
        outcome.repeated += job.attempts > 1
        outcome.most_attempts = max(outcome.most_attempts, job.attempts)


def _store_creators(owner: Actor) -> list[UUID]:
    made = generate_many(creators=CREATORS, days=320, profile="mid", seed=4, end=LAST_DAY)
    workspaces = []
    with transaction() as session:
        for number, creator in enumerate(made):
            workspace = Workspace(agency_id=owner.agency_id, handle=f"calm.{number}")
            session.add(workspace)
            session.flush()
            store_version(
                session,
                workspace,
                creator.daily,
                file_name="calm.csv",
                file_hash=hash_daily(creator.daily),
                report={},
                created_by=None,
            )
            workspaces.append(workspace.id)
    return workspaces
