"""Sides held against the first one: what came out, what differed before, and the circuits as a diff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from tui.common.errors import QdeckError
from tui.common.safe_text import plain_lines
from tui.domain.comparisons.reports import Report
from tui.monitor.services import AppServices
from tui.screens.base import SectionScreen
from tui.screens.workspace import Workspace
from tui.widgets.keymap import COMPARISON, bindings
from tui.widgets.results.comparison import circuits_page, differences_page, results_page
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock, TextPane

VIEWS = ("Results", "Differences", "Circuits")
_PAGES = (results_page, differences_page, circuits_page)


class ComparisonScreen(SectionScreen):
    """A report, view by view. Pushed over what called it; esc goes back.

    Args:
        report: shown as it is; `None` as long as it is waited for.
    """

    SECTION = "transpile"
    BINDINGS: ClassVar = bindings(COMPARISON)

    def __init__(self, services: AppServices, workspace: Workspace, report: Report | None = None) -> None:
        super().__init__(services, workspace)
        self.report = report
        self.trouble: QdeckError | None = None
        self._view = 0 if report is None or report.counts or report.values else 1

    def compose(self) -> ComposeResult:
        """Who is compared, the names of the views, the view."""
        yield TextBlock(id="sides")
        yield TextBlock(id="views")
        yield TextPane(id="view")

    def on_mount(self) -> None:
        """Show what there is."""
        self.show_report()
        self.query_one(TextPane).focus()

    def on_resize(self) -> None:
        """The sides are folded to the width."""
        self.show_report(home=False)

    @property
    def waiting(self) -> str:
        """What is said as long as there is no report."""
        return "Comparing …"

    @property
    def simulated(self) -> bool:
        """True when one side was simulated by the sandbox."""
        return False

    def show_report(self, *, home: bool = True) -> None:
        """Show the report, or what is waited for, or why there is none.

        Args:
            home: at its beginning.
        """
        width = max(40, self.size.width - 2)
        self.query_one("#sides", TextBlock).show([*self._sides(width), BLANK])
        names: list[Span] = []
        for place, name in enumerate(VIEWS):
            action = f"screen.view_at({place})"
            if place == self._view:
                names.append(Span(f"[{place + 1} {name}] ", TextStyle.CURRENT, action))
            else:
                names += [Span(f" {place + 1} ", TextStyle.KEY, action), Span(f"{name}  ", action=action)]
        self.query_one("#views", TextBlock).show([tuple(names)])
        self.query_one(TextPane).show(self._page, home=home)

    def _sides(self, width: int) -> list[StyledLine]:
        if self.report is None:
            return [line((" Comparison", TextStyle.STRONG))]
        first, *others = self.report.sides
        head = wrapped(f" {', '.join(others)} against {first}", width, TextStyle.STRONG)
        told = line((" SANDBOX: simulated, no hardware", TextStyle.SANDBOX))
        return [*head, told] if self.simulated else head

    def _page(self, width: int) -> Sequence[StyledLine]:
        if self.trouble is not None:
            text = plain_lines((self.trouble.message, self.trouble.advice))
            return [part for row in text.splitlines() for part in wrapped(f" {row}", width)]
        if self.report is None:
            return [line((f" {self.waiting}", TextStyle.MUTED))]
        return _PAGES[self._view](self.report, width)

    def action_back(self) -> None:
        """Back to where it was called."""
        self.dismiss()

    def action_view(self, step: int) -> None:
        """The next view, or the one before."""
        self.action_view_at((self._view + step) % len(VIEWS))

    def action_view_at(self, place: int) -> None:
        """A view by its place."""
        self._view = max(0, min(place, len(VIEWS) - 1))
        self.show_report()
