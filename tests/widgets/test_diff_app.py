"""Two terminals, one of them sent every cell and the other only the changes, show the same app."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import ClassVar, cast

import pytest
from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, DataTable, Input, Label, ProgressBar, Select, Static, TextArea, Tree

from tests.support.app_services import AppServicesHarness
from tests.support.emulator import Terminal, difference
from tests.support.fixed_values import FixedClock
from tui.app import QDeckApp
from tui.widgets.terminal.app import DiffApp

_WORDS = ("QUEUED", "running", "漢字 한국", "ibm_cusco", "e\u0301te\u0301", "──▸", "", "x" * 30, "3 字")
_STYLES = ("", "bold", "red on blue", "#aabbcc on #102030", "reverse", "link https://example.org", "dim")


class TerminalDriver(HeadlessDriver):
    """A driver of an emulated terminal: the app writes as to a real one."""

    @property
    def is_headless(self) -> bool:
        """Not headless: Textual writes nothing then."""
        return False

    def write(self, data: str) -> None:
        """What the app sends goes to the spare terminal."""
        app = cast(TwoTerminalApp, self._app)
        app.diffed.write(data)
        app.sent += len(data.encode("utf-8", "replace"))


class TwoTerminalApp(DiffApp):
    """An app that shows each of its updates on two terminals, and compares them."""

    plain: Terminal
    diffed: Terminal
    compared = 0
    sent = 0
    comparing = True
    """Off while the terminals differ because of what something else wrote."""

    def get_driver_class(self) -> type[Driver]:
        """The emulated terminal's."""
        return TerminalDriver

    def set_size(self, columns: int, rows: int, litter: str) -> None:
        """New terminals of that size, one of them full of `litter`."""
        self.plain, self.diffed = Terminal(columns, rows), Terminal(columns, rows)
        self.diffed.resize(columns, rows, litter=litter)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        writes = self._writes
        if writes and isinstance(renderable, CompositorUpdate):
            self.plain.write(f"{renderable.render_segments(self.console)}\x1b[H")
        super()._display(screen, renderable)
        if writes and self.settled and self.comparing:
            self.compared += 1
            assert not difference(self.diffed.picture(), self.plain.picture())

    @property
    def settled(self) -> bool:
        """Whether the whole screen was painted for the size that the terminals have now."""
        return self.screen_buffer.complete and self.screen_buffer.size == (
            self.diffed.screen.columns,
            self.diffed.screen.lines,
        )


class Dialog(ModalScreen[None]):
    """Some overlay; the screen below shines through."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog Horizontal { width: 60%; height: 5; border: round $primary; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label("Cancel 字 job?")
            yield Button("Yes")


class WidgetGallery(TwoTerminalApp):
    """Widgets of many kinds."""

    CSS: ClassVar[str] = """
    #top { height: 3; } #mid { height: 1fr; } #log { width: 1fr; } DataTable { width: 2fr; }
    TextArea { width: 1fr; border: round red; } #float { layer: above; dock: right; width: 9; height: 4; }
    Screen { layers: below above; } Tree { width: 10; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Input("filter 漢")
            yield Select([(word or "-", number) for number, word in enumerate(_WORDS)])
        with Horizontal(id="mid"):
            yield DataTable[str]()
            with VerticalScroll(id="log"):
                for number in range(30):
                    yield Static(f"line {number}", classes="line", markup=False)
            yield TextArea("qubit q;\n// 漢字\nh q;\n" * 5, show_line_numbers=True)
            yield Tree("root")
        yield ProgressBar(total=50)
        yield Static("float", id="float", markup=False)

    def on_mount(self) -> None:
        table = self.screen.query_one(DataTable)
        table.add_columns("name", "状態", "n")
        for number in range(40):
            table.add_row(f"job {number}", _WORDS[number % len(_WORDS)], str(number))
        tree = self.screen.query_one(Tree)
        for word in _WORDS:
            tree.root.add(word)


class RandomUser:
    """Does something random to the zoo."""

    def __init__(self, app: WidgetGallery, pilot: Pilot[object], seed: int) -> None:
        self.app = app
        self.pilot = pilot
        self.random = random.Random(seed)
        self.base = app.screen
        self.actions: list[Callable[[], Awaitable[None] | None]] = [
            self.line, self.line, self.cell, self.cell, self.scroll, self.scroll, self.type, self.key,
            self.key, self.progress, self.float_, self.dialog, self.close, self.notice, self.resize,
            self.theme, self.focus, self.redraw, self.unfold,
        ]  # fmt: skip

    def text(self) -> Text:
        """A few words in some style."""
        return Text(" ".join(self.random.choices(_WORDS, k=3)), style=self.random.choice(_STYLES))

    async def act(self, actions: int) -> None:
        """Do so many things; the screen is painted whenever Textual sees fit."""
        for _ in range(actions):
            done = self.random.choice(self.actions)()
            if done is not None:
                await done
            if self.random.random() < 0.5:
                await asyncio.sleep(0)
            else:
                await self.render_pending()

    async def render_pending(self) -> None:
        """Let the app paint what is due, without waiting for its clock."""
        await self.pilot._wait_for_screen()
        self.app.screen._on_timer_update()

    def line(self) -> None:
        """Another text in a line of the log."""
        self.random.choice(list(self.base.query(".line").results(Static))).update(self.text())

    def cell(self) -> None:
        """Another text in a cell of the table."""
        table = self.base.query_one(DataTable)
        place = self.random.randrange(table.row_count), self.random.randrange(3)
        table.update_cell_at(place, self.text(), update_width=self.random.random() < 0.1)  # type: ignore[arg-type]

    def scroll(self) -> None:
        """Look somewhere else."""
        widget = self.random.choice([self.base.query_one("#log"), self.base.query_one(DataTable)])
        widget.scroll_to(y=self.random.randint(0, 30), animate=False, force=True)

    def type(self) -> None:
        """A word in the text."""
        self.base.query_one(TextArea).insert(self.random.choice([*_WORDS, "\n", "漢"]))

    def key(self) -> None:
        """A key for what has the focus."""
        self.app.simulate_key(self.random.choice(["down", "up", "end", "a", "enter", "backspace"]))

    def focus(self) -> None:
        """The focus goes to another widget."""
        self.app.screen.focus_next()

    def progress(self) -> None:
        """A step on."""
        self.base.query_one(ProgressBar).advance(1)

    def float_(self) -> None:
        """A widget above others appears, disappears, or changes."""
        widget = self.base.query_one("#float", Static)
        widget.display = not widget.display
        widget.update(self.text())

    async def dialog(self) -> None:
        """A dialog over everything."""
        if len(self.app.screen_stack) < 4:
            await self.app.push_screen(Dialog())

    async def close(self) -> None:
        """The dialog goes."""
        if isinstance(self.app.screen, Dialog):
            await self.app.pop_screen()

    def notice(self) -> None:
        """A notice that covers something, or all of them go.

        None goes by itself: a toast that is made at the very moment it expires gets a timer of less than no
        time, on which Textual 8.2.8 turns for ever.
        """
        if self.random.random() < 0.5:
            self.app.notify(str(self.text()), timeout=600, markup=False)
        else:
            self.app.clear_notifications()

    def theme(self) -> None:
        """Other colours everywhere, seldom."""
        if self.random.random() < 0.1:
            self.app.theme = self.random.choice(["nord", "textual-dark", "textual-light", "ansi-dark"])

    def redraw(self) -> None:
        """Something else wrote on the terminal; the user asks for the screen again."""
        if self.random.random() < 0.2:
            self.app.diffed.write("\x1b[3;3Hwarning: junk\x1b[H")
            self.app.action_redraw()

    def unfold(self) -> None:
        """A tree opens or closes."""
        self.base.query_one(Tree).root.toggle()

    def resize(self) -> None:
        """The terminal gets another size, or the same again, and shows whatever it likes."""
        if self.random.random() < 0.3:
            size = Size(*self.random.choice([(60, 18), (60, 18), (40, 12), (33, 9), (72, 20)]))
            self.app.set_size(*size, litter="#")
            self.app.screen_buffer.invalidate()
            self.app.post_message(events.Resize(size, size))


async def _run(
    app: TwoTerminalApp, size: tuple[int, int], play: Callable[[Pilot[object]], Awaitable[None]]
) -> None:
    """Run the app on two terminals while `play` uses it; at the end both must show the same."""
    failures: list[BaseException] = []

    async def played(pilot: Pilot[object]) -> None:
        try:
            await play(pilot)
            await _wait(lambda: app.settled)
            assert not difference(app.diffed.picture(), app.plain.picture())
        except BaseException as error:
            failures.append(error)
        finally:
            app.exit()

    app.set_size(*size, litter="#")
    await app.run_async(size=size, auto_pilot=played)
    if failures:
        raise failures[0]
    assert app._exception is None


async def _wait(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the app tells nobody that it has painted
            await asyncio.sleep(0.01)


async def _play(seed: int, actions: int) -> None:
    app = WidgetGallery()
    app.animation_level = "none"

    async def play(pilot: Pilot[object]) -> None:
        user = RandomUser(app, pilot, seed)
        await user.render_pending()
        await user.act(actions)

    await _run(app, (60, 18), play)
    assert app.compared > actions // 3


@pytest.mark.parametrize("seed", range(2))
async def test_diff_app_random_use_matches_full_frames(seed: int) -> None:
    await _play(seed, 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
async def test_diff_app_long_random_use_matches_full_frames(seed: int) -> None:
    await _play(seed, 1500)


class TwoTerminalQDeckApp(TwoTerminalApp, QDeckApp):
    """The app itself."""


def _services() -> TwoTerminalQDeckApp:
    return TwoTerminalQDeckApp(AppServicesHarness(), clock=FixedClock())


async def test_diff_app_sections_and_dialogs_match_full_frames() -> None:
    app = _services()

    async def play(pilot: Pilot[object]) -> None:
        for key in (
            "down",
            "f1",
            "escape",
            "f3",
            "h",
            "i",
            "f4",
            "f5",
            "f6",
            "f7",
            "escape",
            "ctrl+p",
            "escape",
        ):
            await pilot.press(key)
            await pilot.pause(0.03)
        await pilot.press("f2", "enter", "escape")

    await _run(app, (80, 24), play)
    assert app.compared > 8


async def test_refresh_without_changes_sends_nothing() -> None:
    app = _services()

    async def play(pilot: Pilot[object]) -> None:
        await _wait(lambda: app.settled)
        await pilot.pause(0.2)
        sent, compared = app.sent, app.compared
        app.screen.refresh(layout=True)
        await _wait(lambda: app.compared > compared)
        assert app.sent == sent

    await _run(app, (80, 24), play)


async def test_letter_in_the_editor_sends_only_the_changed_cells() -> None:
    app = _services()

    async def play(pilot: Pilot[object]) -> None:
        await pilot.press("f3", "x")
        await pilot.pause(0.2)
        sent, compared = app.sent, app.compared
        await pilot.press("y")
        await _wait(lambda: app.compared > compared)
        assert 0 < app.sent - sent < 200

    await _run(app, (80, 24), play)


async def test_ctrl_l_overwrites_foreign_output() -> None:
    app = _services()

    async def play(pilot: Pilot[object]) -> None:
        await _wait(lambda: app.settled)
        app.comparing = False
        app.diffed.write("\x1b[5;5Hwarning: written by something else\x1b[H")
        await pilot.press("ctrl+l")
        await _wait(lambda: "warning" not in app.diffed.text())
        app.comparing = True

    await _run(app, (80, 24), play)


async def test_repeated_resize_redraws_the_whole_screen() -> None:
    app = _services()

    async def play(pilot: Pilot[object]) -> None:
        await _wait(lambda: app.settled)
        app.set_size(80, 24, litter="#")
        app.post_message(events.Resize(Size(80, 24), Size(80, 24)))
        await _wait(lambda: "#" not in app.diffed.text())
        app.plain.write(f"{app.screen._compositor.render_full_update().render_segments(app.console)}\x1b[H")

    await _run(app, (80, 24), play)
