"""Bytes on the line to the terminal, and CPU, with and without sending only the changed cells.

    python -m tests.bench.wire [ROUNDS]

The real app over many jobs, and an app of Textual's own widgets, at 120x40 in true colour; the
terminal is /dev/null. Each step is done twice in one app: "every cell" is Textual's own way, "changes" this
project's. Bytes are those of the frames (UTF-8), median of the rounds; the terminal is told neither of
synchronized output (16 bytes a frame more where it is known). CPU is the time of the process from the change
to the written frames, all of it: Textual's rendering too, which is most of it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import ClassVar, cast

from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, DataTable, Input, Label, TextArea

from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import FixedClock
from tui.app import QDeckApp
from tui.domain.jobs import JobStatus
from tui.widgets.terminal.app import DiffApp

SIZE = (120, 40)
JOBS = 2000
ROWS = 200
"""Rows changed at once in the measurement of CPU."""
_NULL = os.open(os.devnull, os.O_WRONLY)
Step = Callable[[], Awaitable[None] | None]


class CountingDriver(HeadlessDriver):
    """A terminal that takes everything; the app counts."""

    @property
    def is_headless(self) -> bool:
        """Not headless: Textual writes nothing then."""
        return False

    def write(self, data: str) -> None:
        """Count, and write for the cost of it."""
        raw = data.encode("utf-8", "replace")
        cast(Switched, self._app).sent += len(raw)
        os.write(_NULL, raw)


class Switched(DiffApp):
    """An app that can write either way."""

    sent = 0
    every_cell = False

    def get_driver_class(self) -> type[Driver]:
        """The counting one."""
        return CountingDriver

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self.every_cell:
            App._display(self, screen, renderable)
        else:
            super()._display(screen, renderable)

    def start(self) -> None:
        """To the same place, before each round."""
        raise NotImplementedError

    def steps(self) -> dict[str, Step]:
        """What is measured, by name."""
        raise NotImplementedError

    def change_rows(self) -> None:
        """Change many rows at once."""
        raise NotImplementedError


class Services(Switched, QDeckApp):
    """The app itself, with many jobs."""

    def __init__(self) -> None:
        self.fixed = AppServicesHarness()
        first = self.fixed.the_jobs[0]
        self.fixed.update(*(replace(first, id=f"job{n:05}", name=f"bell {n}") for n in range(JOBS)))
        self._states: Iterator[int] = count()
        super().__init__(self.fixed, clock=FixedClock())

    def start(self) -> None:
        """To the newest job."""
        self.simulate_key("home")

    def _one(self, number: int) -> None:
        job = self.fixed.jobs.all()[number]
        self.fixed.update(replace(job, name=f"bell {next(self._states) % 10}"))

    def _nothing(self) -> None:
        self.screen.refresh()

    def steps(self) -> dict[str, Step]:
        """The steps, in the order they are done."""
        return {
            "one cell of the job table changes": lambda: self._one(3),
            "nothing changes, the screen is refreshed": self._nothing,
            "cursor down": lambda: self.simulate_key("down"),
            "page down": lambda: self.simulate_key("pagedown"),
            "help opens": lambda: self.simulate_key("f1"),
            "help closes": lambda: self.simulate_key("escape"),
            "the palette opens": lambda: self.simulate_key("ctrl+p"),
            "the palette closes": lambda: self.simulate_key("escape"),
            "to the editor": lambda: self.simulate_key("f3"),
            "a key in the editor": lambda: self.simulate_key("h"),
            "back to the jobs": lambda: self.simulate_key("f2"),
        }

    def change_rows(self) -> None:
        """Change the jobs on top, all at once."""
        status = (JobStatus.RUNNING, JobStatus.QUEUED)[next(self._states) % 2]
        self.fixed.update(*(replace(job, status=status) for job in self.fixed.jobs.all()[:ROWS]))


class Question(ModalScreen[None]):
    """A dialog."""

    DEFAULT_CSS = """
    Question { align: center middle; background: $background 60%; }
    Question Horizontal { width: 50; height: 7; border: round $primary; }
    """

    def compose(self) -> ComposeResult:
        """A question and an answer."""
        with Horizontal():
            yield Label("Cancel the job?")
            yield Button("Yes")


class Stock(Switched):
    """Textual's own widgets, as they are."""

    CSS: ClassVar[str] = "DataTable { width: 3fr; } TextArea { width: 2fr; } #all { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.animation_level = "none"
        self._numbers = count()

    def compose(self) -> ComposeResult:
        """A field, a table and a text."""
        yield Input("filter")
        with Horizontal(id="all"):
            yield DataTable[str](cursor_type="row")
            yield TextArea("OPENQASM 3.0;\nqubit[5] q;\n" + "h q[0];\n" * 100, show_line_numbers=True)

    def on_mount(self) -> None:
        """Fill the table."""
        table = self._table
        table.add_columns("id", "name", "backend", "state", "shots", "age")
        for number in range(ROWS):
            table.add_row(f"job{number:05}", "bell", "ibm_cusco", "QUEUED", "4096", "3 min")
        table.focus()
        for widget in self.query(TextArea):
            widget.cursor_blink = False

    def start(self) -> None:
        """To the first row."""
        self._table.move_cursor(row=0)

    @property
    def _table(self) -> DataTable[str]:
        return cast("DataTable[str]", self.query_one(DataTable))

    async def _close(self) -> None:
        await self.pop_screen()

    async def _open(self) -> None:
        await self.push_screen(Question())

    def _in_text(self) -> None:
        self.query_one(TextArea).insert("h")

    def _cell(self, value: str) -> None:
        self._table.update_cell_at(self._table.cursor_coordinate._replace(column=3), value)

    def steps(self) -> dict[str, Step]:
        """The steps, in the order they are done."""
        return {
            "one cell of DataTable changes": lambda: self._cell(f"R{next(self._numbers) % 10}"),
            "nothing changes, the cell is set again": lambda: self._cell(
                str(self._table.get_cell_at(self._table.cursor_coordinate._replace(column=3)))
            ),
            "cursor down in DataTable": lambda: self.simulate_key("down"),
            "page down in DataTable": lambda: self.simulate_key("pagedown"),
            "a letter in TextArea": self._in_text,
            "a dialog opens, the screen behind it dims": self._open,
            "the dialog closes": self._close,
        }

    def change_rows(self) -> None:
        """Change a cell in every row, all at once."""
        value = f"R{next(self._numbers) % 10}"
        for row in range(ROWS):
            self._table.update_cell_at(self._table.cursor_coordinate._replace(row=row, column=3), value)


async def _settle(app: Switched, pilot: Pilot[object]) -> None:
    """Let everything that is due be painted."""
    for _ in range(3):
        await pilot._wait_for_screen()
        app.screen._on_timer_update()
    await asyncio.sleep(0.05)
    await pilot._wait_for_screen()
    app.screen._on_timer_update()


async def _do(app: Switched, pilot: Pilot[object], step: Step) -> int:
    before = app.sent
    done = step()
    if done is not None:
        await done
    await _settle(app, pilot)
    return app.sent - before


async def _frame(app: Switched, pilot: Pilot[object]) -> tuple[float, int]:
    """CPU seconds and bytes of many rows that change at once."""
    sent, began = app.sent, time.process_time()
    app.change_rows()
    for _ in range(2):
        await pilot._wait_for_screen()
        app.screen._on_timer_update()
    return time.process_time() - began, app.sent - sent


async def measure(app: Switched, rounds: int) -> None:
    """Measure one app, and print."""

    async def play(pilot: Pilot[object]) -> None:
        try:
            await asyncio.sleep(1)
            await _settle(app, pilot)
            size: dict[tuple[str, bool], list[int]] = {}
            for number in range(2 * rounds):
                app.every_cell = number % 2 == 0
                app.start()
                app.action_redraw()
                await _settle(app, pilot)
                for name, step in app.steps().items():
                    size.setdefault((name, app.every_cell), []).append(await _do(app, pilot, step))
            for name in app.steps():
                every, changes = (statistics.median(size[name, way]) for way in (True, False))
                print(f"{name:45} {every:9,.0f} {changes:9,.0f}", file=sys.__stdout__)
            spent: dict[bool, list[tuple[float, int]]] = {True: [], False: []}
            for number in range(40 * rounds):
                app.every_cell = number // 10 % 2 == 0
                if number % 10 == 0:
                    app.action_redraw()
                    await _settle(app, pilot)
                spent[app.every_cell].append(await _frame(app, pilot))
            every_cpu, changes_cpu = (
                1000 * statistics.median(cpu for cpu, _ in spent[way]) for way in (True, False)
            )
            every, changes = (statistics.median(size for _, size in spent[way]) for way in (True, False))
            print(f"{ROWS} rows change at once: bytes {every:26,.0f} {changes:9,.0f}", file=sys.__stdout__)
            print(
                f"{ROWS} rows change at once: CPU, ms {every_cpu:22.1f} {changes_cpu:9.1f}",
                file=sys.__stdout__,
            )
        finally:
            app.exit()

    print("\nqdeck" if isinstance(app, QDeckApp) else "\nTextual's own widgets")
    print(f"{'':45} {'all cells':>9} {'changes':>9}")
    await app.run_async(size=SIZE, auto_pilot=play)


def main() -> None:
    """Measure."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for app in (Services, Stock):
        asyncio.run(measure(app(), rounds))


if __name__ == "__main__":
    main()
