"""The bar below the title that finds and replaces in the text, as it is typed into."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Label
from textual.widgets.text_area import Edit, Selection
from textual.worker import get_current_worker

from tui.common.safe_text import shorten
from tui.openqasm.search import Matches, SearchFailed, TextSearch, Wanted
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.forms.inputs import text_field
from tui.widgets.keymap import FIND, bindings

_SOON = 0.06
"""Seconds without a key before what was typed is looked for."""
_LATER = 0.25
"""The same after the text was changed."""
_LONG = 0.3
"""Seconds after which a search says that it is under way."""
_SWITCHES = (("case", "alt+k"), ("word", "alt+w"), ("regex", "alt+r"))


class FindBar(Vertical):
    """Finds in the editor in front, whichever that is.

    Args:
        area: gives the editor.
    """

    BINDINGS: ClassVar = bindings(FIND)
    DEFAULT_CSS = """
    FindBar {
        display: none; height: auto; background: $surface;
        & Horizontal { height: 1; }
        & Label { margin-right: 1; }
        & .find--name { width: 8; color: $quiet; }
        & Input { width: 1fr; max-width: 60; margin-right: 1; background: $panel; }
        & #second { display: none; }
        &.-replaces #second { display: block; }
    }
    """

    def __init__(self, area: Callable[[], QasmEditor]) -> None:
        super().__init__()
        self._area = area
        self._search = TextSearch()
        self._switched: dict[str, bool] = {name: False for name, _ in _SWITCHES}
        self._matches: Matches | None = None
        self._seen: object = None
        """The text in which the matches are, and its version."""
        self._sought: Wanted | None = None
        """What they are matches of: more may have been typed while it was looked for."""
        self._anchor = (0, 0)
        """Where the cursor was when the bar was opened: what is typed is found from there on."""
        self._selected: list[tuple[int, int]] = []
        """The ends of the match that was selected last."""
        self._pause: Timer | None = None
        self._typed_last = False
        """Whether something was typed of which no match was selected yet."""
        self._busy = self._changing = False

    def compose(self) -> ComposeResult:
        """What to find and how, and what takes its place."""
        with Horizontal():
            yield Label("Find", classes="find--name", markup=False)
            yield text_field("find")
            yield Label("", id="count", markup=False)
            yield Label("", id="switches", markup=False)
        with Horizontal(id="second"):
            yield Label("Replace", classes="find--name", markup=False)
            yield text_field("with")
            yield Label("", id="keys", markup=False)

    def on_mount(self) -> None:
        """Show which switches are on."""
        self._show_switches()

    async def on_unmount(self) -> None:
        """End the worker."""
        await self._search.aclose()

    # --- opened and closed -----------------------------------------------------------------------

    def open(self, *, replaces: bool) -> None:
        """Show the bar with the caret in it; what is selected in a line is looked for, but for a match.

        Args:
            replaces: with the line of the replacement.
        """
        area = self._area()
        self._search.start()
        if not self.has_focus_within:
            self._anchor = min(area.selection)
            chosen = area.selected_text if sorted(area.selection) != self._selected else ""
            if chosen and "\n" not in chosen and "\r" not in chosen:
                self._field("find").value = re.escape(chosen) if self._switched["regex"] else chosen
        self.display = True
        self.set_class(replaces, "-replaces")
        self.screen.refresh_bindings()
        self._field("find").focus()
        self._field("find").action_select_all()
        self._look_soon(_SOON)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the key for all matches where nothing is replaced.

        Returns:
            True when the action exists now.
        """
        return self.has_class("-replaces") if action == "replace_all" else True

    def action_close(self) -> None:
        """Stop a search under way; else close the bar, leaving what was found selected."""
        if self._busy:
            self._stop()
            self._say("stopped")
            return
        self._stop()
        self.display = False
        self._show(None)
        self._area().focus()

    def follow(self) -> None:
        """Look again: the text was changed, or another is in front."""
        area = self._area()
        if self.display and not self._changing and self._seen != (area.document, area.document.version):
            self._show(None)
            self._look_soon(_LATER)

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self.workers.cancel_group(self, "find")

    # --- finding ---------------------------------------------------------------------------------

    @property
    def _wanted(self) -> Wanted:
        return Wanted(self._field("find").value, **self._switched)

    @on(Input.Changed, "#find")
    def _typed(self) -> None:
        self._typed_last = True
        self._look_soon(_SOON)

    def _look_soon(self, seconds: float) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._matches = None
        self._pause = self.set_timer(seconds, self._look)

    def _look(self) -> None:
        # The caret may be in the replacement already; in the text, what is typed would replace a match.
        typing = self._field("find").has_focus or (self._typed_last and self.has_focus_within)

        async def look() -> None:
            if await self._find() is not None:
                self._typed_last = False
                if typing:
                    self._select_from(self._anchor)

        self._run(look)

    def step(self, direction: int) -> None:
        """Select the next match, or the one before; at the end go on from the other."""

        async def step() -> None:
            if await self._find() is not None:
                self._typed_last = False
                self._step(direction)

        self._run(step)

    def _step(self, direction: int) -> None:
        matches = self._matches
        assert matches is not None
        start, end = sorted(self._area().selection)
        index = matches.first_from(start)
        if direction < 0:
            self._select(index - 1)
        else:
            self._select(index + 1 if index < len(matches) and matches[index] == (start, end) else index)
        self._anchor = min(self._area().selection)

    def _select_from(self, place: tuple[int, int]) -> None:
        matches = self._matches
        if matches:
            self._select(matches.first_from(place))

    def _select(self, index: int) -> None:
        """Select a match; before the first comes the last."""
        matches = self._matches
        if not matches:
            return
        start, end = matches[index % len(matches)]
        area = self._area()
        area.move_cursor(start)
        area.move_cursor(end, select=True, center=True)
        self._selected = [start, end]
        self.say_count()

    async def _find(self) -> Matches | None:
        """Return the matches in the text as it is; `None`: the search failed, and that is said."""
        area = self._area()
        seen = area.document, area.document.version
        wanted = self._wanted
        if self._matches is not None and self._seen == seen and self._sought == wanted:
            return self._matches
        self._show(None)
        self._seen = seen  # also without a pattern and if it fails: else it would be looked for for ever
        if not wanted.pattern:
            self._say("")
            return None
        # What is changed while the worker reads it is looked through again (`follow`).
        found = await self._search.find(area.document.lines, wanted)
        if area is self._area() and seen == (area.document, area.document.version):
            self._sought = wanted
            self._show(found)
            self.say_count()
            return found
        return None

    def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        self._changing = False
        self.run_worker(self._told(work), group="find", exclusive=True, exit_on_error=False)

    async def _told(self, work: Callable[[], Awaitable[None]]) -> None:
        worker = get_current_worker()
        self._busy = True
        slow = self.set_timer(_LONG, lambda: self._say("searching…  esc stops"))
        try:
            await work()
        except SearchFailed as error:
            self._say(shorten(str(error), 60))
        finally:
            slow.stop()
            if not worker.is_cancelled:
                self._busy = self._changing = False
                self.follow()  # it was left out meanwhile

    def _show(self, matches: Matches | None) -> None:
        self._matches = matches
        self._area().show_matches(matches)

    def say_count(self) -> None:
        """Say which match is selected, and how many there are."""
        matches = self._matches
        if matches is None:
            return
        if not len(matches):
            self._say("no match")
            return
        here = matches.index_of(*sorted(self._area().selection)) + 1
        many = f"{len(matches):,}{'+' if matches.more else ''}"
        self._say(f"{here:,} of {many}" if here else f"{many} found")

    # --- replacing -------------------------------------------------------------------------------

    @on(Input.Submitted, "#find")
    def _entered(self) -> None:
        self.step(1)

    @on(Input.Submitted, "#with")
    def _replace_entered(self) -> None:
        self._change(self._replace_one)

    def action_replace_all(self) -> None:
        """Replace all matches, as one step for undo."""
        self._change(self._replace_all)

    def _change(self, work: Callable[[], Awaitable[None]]) -> None:
        """Replace; nothing is looked for until that is done: it would take its place."""
        if self._pause is not None:
            self._pause.stop()
        self._typed_last = False
        self._run(work)
        self._changing = True

    async def _replace_one(self) -> None:
        """Replace the match that is selected, and select the next; only that when none is."""
        area = self._area()
        matches = await self._find()
        start, end = sorted(area.selection)
        if not matches or matches.index_of(start, end) < 0:
            if matches:
                self._step(1)
            return
        if await self._replace(start):
            await self._find()
            self._select_from(max(area.selection))

    async def _replace_all(self) -> None:
        if count := await self._replace(None):
            await asyncio.sleep(0)  # a key comes in between: both take some 20 ms for a long text
            await self._find()
            self._say(f"{count:,} replaced")
        else:
            self._say("no match")

    async def _replace(self, start: tuple[int, int] | None) -> int:
        """Make the change; return how many matches that replaced."""
        area = self._area()
        document, version = area.document, area.document.version
        wanted, new = self._wanted, self._field("with").value
        if not wanted.pattern:
            return 0
        change = await self._search.replace(document.lines, wanted, new, start)
        if change is None or area.document is not document or document.version != version:
            return 0
        area.history.checkpoint()
        area.selection = Selection(change.start, change.end)
        area.edit(Edit(change.text, change.start, change.end, maintain_selection_offset=False))
        area.history.checkpoint()
        return change.count

    # --- switches --------------------------------------------------------------------------------

    def action_switch(self, name: str) -> None:
        """Turn a switch."""
        self._switched[name] = not self._switched[name]
        self._show_switches()
        self._look_soon(_SOON)

    def action_step(self, direction: int) -> None:
        """Select the next match, or the one before."""
        self.step(direction)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        self.call_after_refresh(self._show_switches)

    def _show_switches(self) -> None:
        """Show what is on; with the keys only while they mean that: in the text they mean something else."""
        here = self.has_focus_within
        shown = (
            f"{f'{key} ' if here else ''}{'●' if self._switched[name] else '○'} {name}"
            for name, key in _SWITCHES
        )
        self.query_one("#switches", Label).update(Content("  ".join(shown)))
        self.query_one("#keys", Label).update(Content("enter one  alt+a all" if here else ""))

    def _field(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    def _say(self, text: str) -> None:
        self.query_one("#count", Label).update(Content(text))
