"""How long the event loop is held by what is done to a text of 100,000 lines, beside the checks that go on.

    python -m tests.bench.editing [LINES]

The real app without a terminal and without an account. Of every callback of the loop the processor time of
its thread is taken, as in `search_stalls`, also of the one in which it is done; told are the longest, and the
seconds until it was done. What is told of opening is mostly the app's start, and the same for a short text.
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


async def acting(act: Callable[[], object]) -> None:
    """Do it."""
    done = act()
    if isinstance(done, Awaitable):
        await done


class Desk:
    """The editor with the text."""

    def __init__(self, pilot: Pilot[None], screen: EditorScreen, lines: int) -> None:
        self.pilot, self.screen, self.lines = pilot, screen, lines

    async def tell(self, what: str, act: Callable[[], object], done: Condition) -> None:
        """Do it, and print what it took."""
        taken: list[tuple[float, str]] = []
        with measured_callbacks(taken):
            began = time.perf_counter()
            # A task of its own, whose callbacks are measured.
            await asyncio.create_task(acting(act), name=what)
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
        await self.edit()
        await self.search()
        await self.lines_of_all()
        await self.language()
        await self.leave()

    async def edit(self) -> None:
        """A key, jumps, a paste, a bracket."""
        press, screen, area = self.pilot.press, self.screen, self.screen.area
        document = area.document
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

    async def search(self) -> None:
        """Find, replace, and take it back."""
        area, bar = self.screen.area, self.screen.find_bar
        document = area.document
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

    async def lines_of_all(self) -> None:
        """Change all lines, and take it back."""
        area = self.screen.area
        document = area.document
        for what, act in (
            ("comment all", area.action_toggle_comment),
            ("indent all", area.action_indent),
            ("double all", area.action_double_lines),
        ):
            area.select_all()
            version = document.version
            await self.tell(what, act, lambda before=version: document.version > before)  # type: ignore[misc]
            version = document.version
            await self.tell("undo", area.undo, lambda before=version: document.version > before)  # type: ignore[misc]

    async def language(self) -> None:
        """Format the text, and save it."""
        press, screen, area = self.pilot.press, self.screen, self.screen.area
        document = area.document
        area.move_cursor((3, 4))
        area.insert("   ")
        await asyncio.sleep(4)
        version = document.version
        await self.tell("format", screen.action_format, lambda: document.version > version)
        await self.tell("save", lambda: press("ctrl+s"), lambda: not screen.workspace.dirty)

    async def leave(self) -> None:
        """Cut all; look at another text."""
        press, screen, area = self.pilot.press, self.screen, self.screen.area
        document = area.document
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
        desk = Desk(pilot, screen, lines)
        await desk.tell("opened", lambda: None, lambda: screen.checks.analysis is not None)
        await asyncio.sleep(12)
        await desk.walk()


def main() -> None:
    """Print a line for each."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    gc.disable()  # as the command does: the app enables it when it has begun
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(lines, Path(folder)))


if __name__ == "__main__":
    main()
