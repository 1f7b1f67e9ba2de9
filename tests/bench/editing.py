"""How long the event loop is held by what is done to a text of 100,000 lines, beside the checks that go on.

    python -m tests.bench.editing [LINES]

The real app without a terminal and without an account. Of every callback of the loop the processor time of
its thread is taken, as in `search_stalls`; told are the longest, and the seconds until it was done.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.bench.search_stalls import measured_callbacks
from tests.bench.typing import program
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock
from tui.screens.editor.screen import EditorScreen

Condition = Callable[[], bool]


async def until(condition: Condition) -> None:
    """Wait for the condition."""
    while not condition():  # noqa: ASYNC110  # of what is measured nothing tells of itself
        await asyncio.sleep(0.002)


class Desk:
    """The editor with the text."""

    def __init__(self, pilot: Pilot[None], screen: EditorScreen, lines: int) -> None:
        self.pilot, self.screen, self.lines = pilot, screen, lines

    async def tell(self, what: str, act: Callable[[], Awaitable[object] | None], done: Condition) -> None:
        """Do it, and print what it took."""
        taken: list[tuple[float, str]] = []
        with measured_callbacks(taken):
            began = time.perf_counter()
            acting = act()
            if acting is not None:
                await acting
            await until(done)
            seconds = time.perf_counter() - began
            await asyncio.sleep(1.0)  # what follows: the draft, the check, the colours
        taken.sort(reverse=True)
        longest = ", ".join(f"{1000 * one:.0f}" for one, _ in taken[:3])
        print(f"{self.lines:>7} lines, {what}: {seconds:.2f} s, longest callbacks {longest} ms", flush=True)
        if taken[0][0] > 0.05:
            print(f"        {taken[0][1]}")

    async def walk(self) -> None:
        """Do one after the other."""
        press, screen, area = self.pilot.press, self.screen, self.screen.area
        document, bar = area.document, screen.find_bar
        more = program(10_000)
        count = document.line_count

        async def paste() -> None:
            screen.post_message(Paste(more))

        await self.tell("a key", lambda: press("x"), lambda: document[0].startswith("x"))
        await self.tell("jump to the end", lambda: press("ctrl+end"), lambda: area.cursor_location[0] > 0)
        await self.tell(
            "paste 10,000 lines",
            paste,
            lambda: document.line_count > count,
        )
        await self.tell("undo", area.undo, lambda: document.line_count == count)
        await self.tell(
            "jump to the start", lambda: press("ctrl+home"), lambda: area.cursor_location == (0, 0)
        )
        await self.tell("an unmatched bracket", lambda: press("left_curly_bracket", "left"), lambda: True)
        await self.tell("undo", area.undo, lambda: not document[0].startswith("{"))
        for pattern, regex in (("turn 99", False), ("q", False), ("(a+)+$", True), (r"rz\((\d+)", True)):
            bar._switched["regex"] = regex

            def look(pattern: str = pattern) -> None:
                bar.open(replaces=True)
                bar.query_one("#find", Input).value = pattern

            await self.tell(f"find {pattern}", look, lambda: bar._matches is not None)
        bar.query_one("#with", Input).value = r"rx(\1"
        version = document.version
        await self.tell("replace all", bar.action_replace_all, lambda: document.version > version)
        version = document.version
        await self.tell("undo", area.undo, lambda: document.version > version)
        bar.action_close()
        await self.tell("select all", area.select_all, lambda: not area.selection.is_empty)
        await self.tell("cut all", area.action_cut, lambda: document.empty)
        await self.tell("undo", area.undo, lambda: not document.empty)
        await self.tell("another text", lambda: press("ctrl+n"), lambda: screen.area is not area)
        await self.tell("back", lambda: press("ctrl+pageup"), lambda: screen.area is area)


async def measure(lines: int, home: Path) -> None:
    """Open the text, wait until it is checked, and walk."""
    file = home / "program.qasm"
    file.write_text(program(lines))
    services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
    app = QDeckApp(services, clock=SystemClock(), state_folder=home / "state")
    app.edit_first(file)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: isinstance(app.screen, EditorScreen))
        screen = app.screen
        assert isinstance(screen, EditorScreen)
        await asyncio.sleep(12)
        await Desk(pilot, screen, lines).walk()


def main() -> None:
    """Print a line for each."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    gc.disable()  # as the command does: the app enables it when it has begun
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(lines, Path(folder)))


if __name__ == "__main__":
    main()
