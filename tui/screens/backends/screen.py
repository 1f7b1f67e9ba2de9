"""The backends: which takes jobs, how long its queue is, how good it is, qubit by qubit."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain, shorten
from tui.domain.devices.backends import NONE_LISTED, Backend, best_backend
from tui.domain.devices.calibrations import DeviceCalibration
from tui.monitor.services import AppServices
from tui.monitor.state.events import BackendsChanged, Event, IdentityChanged, Severity
from tui.screens.backends.device_pane import DevicePane, DeviceView
from tui.screens.base import SectionScreen
from tui.screens.workspace import Workspace
from tui.widgets.keymap import BACKENDS, bindings
from tui.widgets.tables.backend_columns import BACKEND_COLUMNS, backend_cells, backend_lines
from tui.widgets.tables.row_table import RowTable
from tui.widgets.text.format import format_count
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

_DETAILS_FROM = min(column.need for column in BACKEND_COLUMNS if column.need)
"""Cells from which on the table has columns that the list alone does not fill."""


class BackendsScreen(SectionScreen):
    """The list of the service, with the errors it tells; what else is known of a backend is asked for one
    backend after the other, the one under the cursor first."""

    SECTION = "backends"
    EVENTS: ClassVar = (
        BackendsChanged,
        IdentityChanged,
    )
    BINDINGS: ClassVar = bindings(BACKENDS)

    def __init__(self, services: AppServices, workspace: Workspace) -> None:
        super().__init__(services, workspace)
        self._backends: dict[str, Backend] = {}
        self._details: dict[str, Backend] = {}
        self._errors: dict[str, str] = {}
        self._calibrations: dict[str, DeviceCalibration] = {}
        self._shown = ""

    def compose(self) -> ComposeResult:
        """The table, or what to do when it is empty, and the one under the cursor below."""
        yield RowTable(BACKEND_COLUMNS, self._cells, id="backends")
        yield Static(Content(""), id="empty")
        yield TextBlock(id="strip")
        yield DevicePane(self.clock.now, id="device")

    @property
    def _table(self) -> RowTable:
        return self.query_one("#backends", RowTable)

    def on_mount(self) -> None:
        """Show what is known."""
        self._show_list(self.services.backends.all())
        self._table.focus()

    def app_event(self, event: Event) -> None:
        """Another list, or another account: its medians are others too."""
        if isinstance(event, BackendsChanged):
            self._show_list(event.backends)
        elif isinstance(event, IdentityChanged):
            self._details.clear()
            self._errors.clear()
            self._calibrations.clear()
            self._show_list(self.services.backends.all())

    def on_screen_resume(self) -> None:
        """Medians are fetched while the section is looked at; the choice may have changed elsewhere."""
        self._table.repaint()
        self._fetch()

    def on_resize(self) -> None:
        """The rule goes from side to side; wider tables show what has to be fetched."""
        self._fit_list()
        self._show_preview()
        if self.is_current:
            self._fetch()

    def _cells(self, key: str) -> tuple[Span, ...]:
        return tuple(backend_cells(self._whole(key), chosen=key == self.workspace.backend))

    def _whole(self, name: str) -> Backend:
        """The backend as listed, with the medians fetched for it."""
        listed = self._backends[name]
        details = self._details.get(name)
        if details is None:
            return listed
        return details_over(listed, details)

    def _show_list(self, backends: tuple[Backend, ...]) -> None:
        self._backends = {backend.name: backend for backend in backends}
        table = self._table
        empty = self.query_one("#empty", Static)
        table.display, empty.display = bool(backends), not backends
        self.query_one("#strip").display = self.query_one(DevicePane).display = bool(backends)
        self._fit_list()
        if not backends:
            signed_in = self.services.connection.identity is not None
            empty.update(
                Content(
                    f"No backend is listed for this instance.\n{NONE_LISTED}\n\n"
                    "r asks again; F7 changes the instance."
                    if signed_in
                    else "Not signed in.\n\nF7 signs in, or opens the sandbox."
                )
            )
        table.show(list(self._backends))
        if backends and self.focused is None:
            table.focus()
        self._show_preview()
        if self.is_current:
            self._fetch()

    def _fit_list(self) -> None:
        """Leave most of the screen to the device."""
        self._table.styles.height = min(len(self._backends) + 1, max(5, self.size.height // 5))

    def _show_preview(self) -> None:
        name = self._table.cursor_key
        rule = line(("─" * self.size.width, TextStyle.MUTED))
        body: list[StyledLine] = [BLANK, BLANK]
        if name:
            body = backend_lines(self._whole(name), self.clock.now())
            pane = self.query_one(DevicePane)
            changes = pane.changes_line()
            if not self._backends[name].message and changes and self._shown == name:
                body[1] = line(" ", *changes)
            if name in self._errors:
                body[1] = line(" ", (plain(self._errors[name], limit=300), TextStyle.BAD))
        self.query_one("#strip", TextBlock).show([rule, *body])

    @on(RowTable.CursorMoved, "#backends")
    def _cursor_moved(self, message: RowTable.CursorMoved) -> None:
        if type(message) is RowTable.CursorMoved:
            self._show_device()
            self._show_preview()
            self._fetch()

    @on(RowTable.Opened, "#backends")
    def _opened(self) -> None:
        self.action_use()

    @on(DevicePane.Changed)
    def _other_calibration(self) -> None:
        self._show_preview()

    def _show_device(self) -> None:
        """Show the calibration of the backend under the cursor, as far as it is here."""
        name = self._shown = self._table.cursor_key
        pane = self.query_one(DevicePane)
        if name in self._calibrations:
            pane.show(self._calibrations[name], self.services.backends.seen_calibrations(name))
        elif name in self._errors:
            pane.show_text("Its qubits are not known: the service did not tell. r asks again.")
        else:
            pane.show_text("Asking for its calibration.")

    @work(exclusive=True, group="backend-details", exit_on_error=False)
    async def _fetch(self) -> None:
        """Calibration and details of the backend under the cursor, then details of those whose errors the
        list does not tell, and of all where there is room to show them; each once."""
        if self.services.connection.identity is None:
            return
        table = self._table
        first, roomy = table.cursor_key, self.size.width >= _DETAILS_FROM
        if first and first not in self._errors:
            await self._fetch_calibration(first)
        for name in sorted(self._backends, key=lambda name: name != first):
            shown = name == first or roomy or self._backends[name].median_2q_error is None
            if not shown or name in self._details or name in self._errors:
                continue
            try:
                self._details[name] = await self.services.backends.details(name)
            except QdeckError as error:
                self._errors[name] = str(error)
            table.repaint()
            self._show_preview()

    async def _fetch_calibration(self, name: str) -> None:
        """Take the calibration, from memory where the last answer is not old; medians belong to one."""
        known = self._calibrations.get(name)
        try:
            calibration = await self.services.backends.calibration(name)
        except QdeckError as error:
            self._errors[name] = str(error)
        else:
            self._calibrations[name] = calibration
            if known is not None and known is not calibration:
                self._details.pop(name, None)
        if name == self._table.cursor_key:
            self._show_device()
            self._show_preview()

    def action_use(self) -> None:
        """Transpile for the backend under the cursor."""
        name = self._table.cursor_key
        if not name:
            return
        self.workspace.backend, self.workspace.backend_picked = name, True
        self.shell.show_notice(f"Circuits are now transpiled for {shorten(name, 40)}.")
        self.shell.go("transpile")

    @work(exclusive=True, group="refresh", exit_on_error=False)
    async def action_refresh(self) -> None:
        """Ask the service now, for the medians too."""
        if self.services.connection.identity is None:
            self.shell.show_notice("Not signed in. F7 signs in.", Severity.WARNING)
            return
        self._errors.clear()
        name = self._table.cursor_key
        await self.services.polling.refresh()
        if name:
            with contextlib.suppress(QdeckError):  # told by what fetches it next
                await self.services.backends.calibration(name, anew=True)
        self._fetch()

    def action_view(self, view: str) -> None:
        """Show a view of the device."""
        self.query_one(DevicePane).show_view(DeviceView(view))

    def action_figure(self) -> None:
        """Letter the map by the next figure."""
        self.query_one(DevicePane).next_metric()

    def action_sort(self) -> None:
        """Sort the table of qubits or couplers by its next column."""
        self.query_one(DevicePane).sort_next()

    def action_turn(self) -> None:
        """Turn the order of that table round."""
        self.query_one(DevicePane).turn_round()

    def action_list(self) -> None:
        """Go back to the list."""
        self._table.focus()

    def action_least_busy(self) -> None:
        """Put the cursor on the backend that takes jobs and has the fewest waiting."""
        best = best_backend(self._backends.values())
        if best is None:
            self.shell.show_notice("No backend is online.", Severity.WARNING)
            return
        self._table.move_to(best.name)
        self._table.focus()
        queue = (
            "" if best.queue_length is None else f", {format_count(best.queue_length, 'job')} in its queue"
        )
        self.shell.show_notice(f"Least busy: {shorten(best.name, 40)}{queue}.")


def details_over(listed: Backend, details: Backend) -> Backend:
    """Combine a listed backend with its fetched details.

    Returns:
        The details with the newer status and queue of the list.
    """
    return replace(
        details,
        status=listed.status,
        operational=listed.operational,
        queue_length=listed.queue_length if listed.queue_length is not None else details.queue_length,
        message=listed.message or details.message,
        confirmed=listed.confirmed,
    )
