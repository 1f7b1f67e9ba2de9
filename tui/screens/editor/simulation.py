"""The ideal simulation of the text's circuit: its distribution, its parameters varied by sliders."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.pubs.expressions import number
from tui.domain.statistics.distributions import Distribution
from tui.monitor.services import AppServices
from tui.screens.dialogs.prompt import Prompt
from tui.widgets.forms.sliders import Sliders
from tui.widgets.results.distribution import distribution_lines, made_by
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock, TextPane

PAUSE = 0.08
"""Seconds after a slider moved until the circuit is simulated: keys that repeat are taken together."""


class SimulationPane(Vertical):
    """Simulates the circuit of a text that was checked, while the pane is in sight.

    Attributes:
        sliders: values of its parameters.
    """

    DEFAULT_CSS: ClassVar[str] = """
    SimulationPane {
        & #simulation-head { height: 1; }
        & #distribution { height: 1fr; }
    }
    """

    def __init__(self, services: AppServices, *, id: str) -> None:
        super().__init__(id=id)
        self.services = services
        self.sliders = Sliders(id="sliders")
        self._text = ""
        self._asked: tuple[object, ...] = ()
        """The text and values of the simulation that is shown or under way."""
        self._pause: Timer | None = None
        self._work: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """What it is and how it was made, the sliders, the distribution."""
        yield TextBlock(id="simulation-head")
        yield self.sliders
        yield TextPane(id="distribution")

    @property
    def has_sliders(self) -> bool:
        """True when the circuit has parameters."""
        return bool(self.sliders.values)

    def go_to(self) -> None:
        """Put the focus on the sliders; without any on the distribution."""
        (self.sliders if self.has_sliders else self.query_one("#distribution")).focus()

    def simulate(self, text: str, parameters: tuple[str, ...]) -> None:
        """Simulate the circuit of a text without errors, unless it is shown already or the pane is hidden."""
        self._text = text
        self.sliders.show(parameters)
        self._soon()

    def clear(self, why: str = "") -> None:
        """Show nothing: there is no text, or it is broken."""
        self._text, self._asked = "", ()
        self.stop()
        self._show([], why)

    def edited(self) -> None:
        """Say that the distribution is of the text before it was changed."""
        if self._text:
            self._say("of the text before it was changed", TextStyle.WARNING)

    def stop(self) -> None:
        """Stop simulating: the compiler really stops."""
        if self._work is not None:
            self._work.cancel()
            self._work = None

    @on(Sliders.Changed)
    def _soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._start)

    def _start(self) -> None:
        asked = (self._text, self.sliders.values)
        if not self.display or not self._text:
            return
        if asked == self._asked:
            if self._work is None:
                self._say(self._made_by)
            return
        self._asked = asked
        if self._work is None:
            self._say("simulating…")
            # The screen's worker: it tells of errors that are none of ours.
            self._work = self.screen.run_worker(self._simulate(), group="simulation", exit_on_error=False)

    _made_by = ""

    async def _simulate(self) -> None:
        asked: tuple[object, ...] = ()
        try:
            while asked != self._asked and self._text:
                asked = self._asked
                try:
                    found = await self.services.compiler.simulations.ideal(
                        self._text, values=self.sliders.values
                    )
                except QdeckError as error:
                    if asked == self._asked:
                        self._made_by = ""
                        self._show(wrapped(plain(str(error), limit=600), max(20, self.size.width - 2)), "")
                    continue
                if self._text:
                    self._show_distribution(found)
        finally:
            self._work = None

    def _show_distribution(self, found: Distribution) -> None:
        self._made_by = made_by(found)
        pane = self.query_one("#distribution", TextPane)
        pane.show(lambda width: distribution_lines(found, width, max(3, pane.size.height)))
        self._say(self._made_by)

    def _show(self, lines: list[StyledLine], why: str) -> None:
        self.query_one("#distribution", TextPane).show(lambda _width: lines or [BLANK])
        self._say(why)

    def _say(self, text: str, style: TextStyle = TextStyle.MUTED) -> None:
        head = line(("Ideal simulation", TextStyle.HEAD), (f"  {plain(text, limit=200)}", style))
        self.query_one("#simulation-head", TextBlock).show([head])

    @on(Sliders.Typing)
    @work(group="file-command", exit_on_error=False)
    async def _type(self, message: Sliders.Typing) -> None:
        """Ask for a value: a number or an expression."""
        typed = await self.app.push_screen_wait(
            Prompt(f"Value of {message.name}", hint="A number or an expression: 0.5, 3*pi/4.", check=_wrong)
        )
        if typed:
            self.sliders.set(message.name, number(typed))


def _wrong(text: str) -> str:
    try:
        number(text)
    except ValueError as error:
        return str(error)
    return ""
