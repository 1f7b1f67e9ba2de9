"""Which files of `tui` three journeys through the app enter, and how often they return to one they left.

    python -m tests.tools.journeys [--runs N] [--files] [--json]

The real app, worked by keys, on the real sandbox, without a terminal at 120x40, in temporary folders:

- check: from a key typed in the editor, which makes the circuit wrong, until Qiskit's word on it is painted.
  What the compiler's worker process does for that belongs to it.
- status: from the list request's answer arriving in the HTTP client until the job table is painted with the
  job's new status, `queued` having become `running`. The list is asked for when the table shows the job as
  queued. The sandbox's simulator is stopped meanwhile, so that the job runs for as long as that takes.
- submit: from F9 on the reviewed circuit until `submit` of the services returns: the submission was written
  down, the POST sent and answered, and the job's id is on the disk.

Each is taken N times (default 5) after one time that does not count, so that what is loaded at its first use
is there. Nothing else is to happen meanwhile: what slept by the app's clock before a journey began sleeps
until it has ended, and the job list is not asked for before its journey. What still came by chance (a timer
of the screen) is left out: a file counts when it ran in every one of the N runs.

`tests.tools.tracing` says when a file runs. A return is a change of one thread from one file to another that
was left before in this journey, by whichever thread or process. A file that calls a library which calls the
same file again was not left. Told are the medians of

- returns: all of them;
- by call: those that were a call, or a coroutine that goes on after a wait. The others came back from a call;
- different: how many pairs of files (from, to) they are. A loop over lines or jobs adds to the other two with
  every round, not to this one. Every run has one job more in the table than the one before.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
from textual.app import App
from textual.pilot import Pilot

# --- what depends on how tui is laid out: change it here -----------------------------------------------
import tui
from tests.end_to_end.app_driver import AppDriver, app_on_sandbox
from tests.support.app import screen_text, settled
from tests.tools.tracing import Tracer, Visit
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel

SUBMIT: Final = "submit"
"""The method of the services that the screens submit with; it returns the job, which has an `id`."""
SLEEP: Final = "sleep"
"""The clock's method with which everything that comes again and again waits; it takes seconds."""
# Of the screens: their keys, and the words on them.
EDITOR_KEY, TRANSPILE_KEY, TRANSPILE_NOW, SUBMIT_KEY = "f3", "f4", "f8", "f9"
OPEN_KEY, OPEN_TITLE = "ctrl+o", "Open a circuit"
RIGHT, WRONG = "checked by Qiskit", "✘ line"
EXAMPLE, BACKEND = "bell", "ibm_peekskill"
REVIEWED, FORM = f"{EXAMPLE} for {BACKEND}, level 2", "Run it"
QUEUED, RUNNING, DONE = "queued", "running", "done"
LIST = "/jobs"
"""How the path of the job list ends: GET lists, POST creates."""
# -------------------------------------------------------------------------------------------------------

RUNS: Final = 5
WORDS: Final = {
    "check": "a key typed in the editor until its diagnostics are shown",
    "status": "a job's status, from the HTTP answer to the cell of the job table",
    "submit": "F9 until the POST is sent and answered and the job's id is written",
}
QUIET: Final = 0.5
"""Seconds in which nothing is done before a journey begins."""
PATIENCE: Final = 30.0
"""Seconds that a journey may take."""
_PACKAGE: Final = Path(tui.__file__).resolve().parent
_ROOT: Final = Path(__file__).resolve().parents[2]


class Bystanders:
    """What is around the app during a journey: its clock, its requests, its processes.

    Attributes:
        lists: set while the job list may be asked for.
        asked: called before that is sent.
        listed: called when the answer to it has arrived.
        submitted: called when the services have submitted a job.
        job_id: of the job submitted last.
        journey: the number of the journey under way.
        over: set when it has ended.
    """

    def __init__(self, tracer: Tracer, logs: Path) -> None:
        self.lists = asyncio.Event()
        self.lists.set()
        self.asked: Callable[[], None] | None = None
        self.listed: Callable[[], None] | None = None
        self.submitted: Callable[[], None] | None = None
        self.job_id = ""
        self.journey = 0
        self.over = asyncio.Event()
        self._tracer = tracer
        self._logs = logs
        self._workers = 0

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Wrap the clock, the HTTP client and the start of processes, until the end."""
        places: list[tuple[Any, str, Callable[[Any], Any]]] = [
            (SystemClock, SLEEP, self._sleep),
            (httpx.AsyncClient, "send", self._send),
            (asyncio, "create_subprocess_exec", self._process),
        ]
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
        for owner, name, wrapped in places:
            setattr(owner, name, wrapped(getattr(owner, name)))
        try:
            yield
        finally:
            for owner, name, real in before:
                setattr(owner, name, real)

    def watch_submit(self, services: object) -> None:
        """Learn when the services have submitted a job."""
        real = getattr(services, SUBMIT)

        @functools.wraps(real)
        async def submit(*args: Any, **options: Any) -> Any:
            job = await real(*args, **options)
            if self.submitted is not None:
                self.submitted()
            self.job_id = job.id
            return job

        setattr(services, SUBMIT, submit)

    def _sleep(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def sleep(clock: SystemClock, seconds: float) -> None:
            begun_in = self.journey
            await real(clock, seconds)
            while self._tracer.on and self.journey != begun_in:
                await self.over.wait()

        return sleep

    def _send(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def send(client: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
            lists = request.method == "GET" and request.url.path.endswith(LIST)
            if lists:
                await self.lists.wait()
                if self.asked is not None:
                    self.asked()
            response: httpx.Response = await real(client, request, **options)
            if lists and self.listed is not None:
                self.listed()
            return response

        return send

    def _process(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def create(*command: Any, **options: Any) -> Any:
            words = list(command)
            if "-c" in words:
                self._workers += 1
                log = self._logs / f"{self._workers}.log"
                place = words.index("-c") + 1
                words[place] = f"{_traced(log)}; {words[place]}"
            return await real(*words, **options)

        return create


def _traced(log: Path) -> str:
    """Statements with which a process traces itself."""
    return (
        f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from tests.tools.tracing import trace_into; "
        f"sys.path.pop(0); trace_into({str(_PACKAGE)!r}, {str(log)!r})"
    )


class Stopwatch:
    """Begins and ends one journey after the other, and keeps what ran in it."""

    def __init__(self, logs: Path) -> None:
        self._visits: list[Visit] = []
        self._logs = logs
        self.tracer = Tracer(_PACKAGE, self._visits.append)
        self.around = Bystanders(self.tracer, logs)
        self._began = self._ended = 0
        self._done = asyncio.Event()
        self._goal: Callable[[], bool] | None = None

    def watch_screen(self, pilot: Pilot[None]) -> None:
        """Learn of every painting of the screen."""
        app: App[None] = pilot.app
        real = app._display

        def display(*args: Any) -> None:
            real(*args)
            if self.tracer.on and self._goal is not None:
                with self.tracer.looking_away():
                    reached = self._goal()
                if reached:
                    self.end()

        app._display = display  # type: ignore[method-assign,assignment]  # all painting goes through it

    def begin(self, goal: Callable[[], bool] | None = None) -> None:
        """The journey begins here.

        Args:
            goal: asked after each painting whether this is the end; without one, `end` is called.
        """
        self._visits.clear()
        self._goal = goal
        self.around.journey += 1
        self.around.over.clear()
        self._began = time.monotonic_ns()
        self.tracer.start()

    def end(self) -> None:
        """It ends here."""
        self.tracer.stop()
        self._ended = time.monotonic_ns()
        self.around.over.set()
        self._done.set()

    def call_off(self) -> None:
        """It was none."""
        self.tracer.stop()
        self.around.over.set()

    async def taken(self) -> list[Visit]:
        """What ran in it, in order of time, when it has ended."""
        async with asyncio.timeout(PATIENCE):
            await self._done.wait()
        self._done.clear()
        visits = list(self._visits)
        for log in sorted(self._logs.iterdir()):
            visits += map(Visit.from_line, log.read_text().splitlines())
        return sorted(visit for visit in visits if self._began <= visit.at <= self._ended)


class Returns(NamedTuple):
    """How often files that had been left were returned to, as the module's text defines it."""

    all: float
    by_call: float
    different: float


@dataclass(frozen=True, slots=True)
class Journey:
    """What several runs of a journey have in common.

    Attributes:
        files: those that ran in every run, in the order of the first run.
        chance: those that ran in some.
        returns: those of each run.
    """

    files: list[str]
    chance: list[str]
    returns: list[Returns]

    @property
    def median(self) -> Returns:
        """The median of each figure."""
        return Returns(*(statistics.median(figures) for figures in zip(*self.returns, strict=True)))


def in_common(runs: Sequence[Sequence[Visit]]) -> Journey:
    """The journey behind these runs."""
    ran = [dict.fromkeys(visit.file for visit in run) for run in runs]
    always = [name for name in ran[0] if all(name in one for one in ran)]
    chance = {name for one in ran for name in one}.difference(always)
    return Journey(always, sorted(chance), [returns_of(run, always) for run in runs])


def returns_of(visits: Sequence[Visit], files: Collection[str]) -> Returns:
    """The returns to these files; all others are taken for library code."""
    there: dict[str, str] = {}
    left: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    returns = by_call = 0
    for visit in visits:
        before = there.get(visit.thread, "")
        if visit.file not in files or visit.file == before:
            continue
        left.add(before)
        there[visit.thread] = visit.file
        if visit.file in left:
            returns += 1
            by_call += visit.entered
            pairs.add((before, visit.file))
    return Returns(returns, by_call, len(pairs))


class Guide:
    """Takes the journeys."""

    def __init__(self, driver: AppDriver, watch: Stopwatch) -> None:
        self._driver = driver
        self._watch = watch
        self._around = watch.around

    async def prepare_check(self) -> None:
        """A circuit in the editor, found right."""
        await self._driver.press(EDITOR_KEY, OPEN_KEY)
        await self._driver.see(OPEN_TITLE)
        await self._driver.press(*EXAMPLE, "enter")
        await self._driver.see(RIGHT)

    async def check(self) -> list[Visit]:
        """A letter where none belongs."""
        await self._rest()
        self._watch.begin(lambda: WRONG in screen_text(self._driver.pilot))
        await self._driver.press("x")
        visits = await self._watch.taken()
        await self._driver.press("backspace")
        await self._driver.see(RIGHT)
        return visits

    async def prepare_submit(self) -> None:
        """The circuit, transpiled and reviewed."""
        await self._driver.press(TRANSPILE_KEY)
        await self._driver.choose("backend", BACKEND)
        await self._driver.press(TRANSPILE_NOW)
        await self._driver.see(REVIEWED)

    async def submit(self) -> list[Visit]:
        """F9; the job is not asked for yet."""
        await self._driver.press(TRANSPILE_KEY)
        await self._driver.see(FORM)
        await self._rest()
        self._around.lists.clear()
        self._around.submitted = self._watch.end
        self._watch.begin()
        await self._driver.press(SUBMIT_KEY)
        visits = await self._watch.taken()
        self._around.submitted = None
        return visits

    async def status(self) -> list[Visit]:
        """The job submitted last is asked for."""
        await self._driver.wait(lambda: self._shows(QUEUED), "the job in the table")
        await self._rest()
        self._around.listed = lambda: self._watch.begin(lambda: self._shows(RUNNING))
        # An answer without the new status was not the one.
        self._around.asked = self._watch.call_off
        self._around.lists.set()
        visits = await self._watch.taken()
        self._around.asked = self._around.listed = None
        return visits

    async def finish(self) -> None:
        """Wait for the end of the job."""
        await self._driver.wait(lambda: self._shows(DONE), "the end of the job")

    def _shows(self, status: str) -> bool:
        lines = screen_text(self._driver.pilot).splitlines()
        return any(self._around.job_id in line and f" {status} " in line for line in lines)

    async def _rest(self) -> None:
        """Let everything come to rest."""
        await settled(self._driver.pilot)
        await asyncio.sleep(QUIET)


async def travel(home: Path, runs: int) -> dict[str, Journey]:
    """Take each journey so many times."""
    logs = home / "logs"
    logs.mkdir()
    watch = Stopwatch(logs)
    taken: dict[str, list[list[Visit]]] = {name: [] for name in WORDS}
    with watch.around.in_place():
        # Before anything begins: threads that are started earlier would not be seen.
        watch.tracer.install()
        try:
            async with app_on_sandbox(home, Channel.PLATFORM) as driver:
                watch.watch_screen(driver.pilot)
                watch.around.watch_submit(driver.services.outbox)
                guide = Guide(driver, watch)
                await guide.prepare_check()
                if not any(logs.iterdir()):
                    raise SystemExit(
                        "No worker of the compiler was traced: is it started by another way than -c?"
                    )
                for _ in range(runs + 1):
                    taken["check"].append(await guide.check())
                await guide.prepare_submit()
                for _ in range(runs + 1):
                    with stopped(simulators()):
                        taken["submit"].append(await guide.submit())
                        taken["status"].append(await guide.status())
                    await guide.finish()
        finally:
            watch.tracer.stop()
            sys.setprofile(None)
    return {name: in_common(visits[1:]) for name, visits in taken.items()}


def children(pid: int) -> list[int]:
    """The ids of the processes that a process started and that are still there."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def simulators() -> list[int]:
    """The ids of the sandbox's own processes."""
    sandboxes = [
        child
        for child in children(os.getpid())
        if b"tui.sandbox" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]
    found = [pid for child in sandboxes for pid in children(child)]
    if not found:
        raise SystemExit("The sandbox has no process that simulates: a job cannot be kept running.")
    return found


@contextlib.contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """Keep these processes from running, until the end."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def clean_up() -> None:
    """End, by its id, every process of ours that is still there."""
    for pid in children(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def as_json(journeys: dict[str, Journey], runs: int) -> str:
    """All figures as one JSON object."""
    told = {
        name: {
            "journey": WORDS[name],
            "files_entered": len(journey.files),
            "returns": journey.median._asdict(),
            "returns_of_each_run": [returns._asdict() for returns in journey.returns],
            "files": journey.files,
            "files_by_chance": journey.chance,
        }
        for name, journey in journeys.items()
    }
    return json.dumps({"runs": runs, "journeys": told}, indent=2)


def as_text(journeys: dict[str, Journey], *, files: bool) -> str:
    """The figures for people, and the files in the order of their first entry when they are wanted."""
    lines: list[str] = []
    for name, journey in journeys.items():
        median = journey.median
        lines.append(
            f"{name} ({WORDS[name]}): files entered {len(journey.files)}, returns {median.all:g}, "
            f"of these by call {median.by_call:g}, different {median.different:g}"
        )
        if files:
            lines += [f"  {file}" for file in journey.files]
            lines += [f"  (not in every run: {file})" for file in journey.chance]
    return "\n".join(lines)


def main() -> None:
    """Travel and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.journeys", description=_HELP)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how often each is taken (default {RUNS})")
    parser.add_argument("--files", action="store_true", help="the files in the order of their first entry")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    chosen = parser.parse_args()
    if chosen.runs < 1:
        parser.error("--runs: at least 1")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "QDECK_HOME": home, "TERM": "xterm-256color"}
        try:
            journeys = asyncio.run(travel(Path(home), chosen.runs))
        finally:
            clean_up()
    print(as_json(journeys, chosen.runs) if chosen.json else as_text(journeys, files=chosen.files))


_HELP: Final = "Which files of tui three journeys enter, and how often they return to one they left."

if __name__ == "__main__":
    main()
