"""A compact `Select` whose options follow what is known, and whose open list is searched by typing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Select
from textual.widgets._select import SelectCurrent, SelectOverlay  # the parts of `Select`, exported nowhere

T = TypeVar("T", bound=Hashable)
PAUSE = 1.5
"""Seconds after a key before the next one begins another search."""


class SearchableOverlay(SelectOverlay):
    """The open list: letters go to the option that begins with them, else to the first that has them.

    Textual 8.2.8 searches labels that are `str` or Rich's `Text`, and ours are neither; nor does it show what
    was typed. Here it stands below the list.
    """

    DEFAULT_CSS = """
    SearchableOverlay.-searched {
        border-bottom: solid $rule !important;
        border-subtitle-align: left; border-subtitle-color: $accent; border-subtitle-style: bold;
    }
    """
    typed = ""
    _forgetting: Timer | None = None

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "backspace":
            self.begin_anew()
        elif event.character is not None and event.is_printable:
            self._search(self.typed + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def begin_anew(self) -> None:
        """Forget the search."""
        if self._forgetting is not None:
            self._forgetting.stop()
        self._show_typed("")

    def _search(self, typed: str) -> None:
        self.begin_anew()
        self._forgetting = self.set_timer(PAUSE, self.begin_anew)
        labels = [str(option.prompt).casefold() for option in self.options]
        wanted = typed.casefold()
        first = next((place for place, label in enumerate(labels) if label.startswith(wanted)), None)
        if first is None:
            first = next((place for place, label in enumerate(labels) if wanted in label), None)
        if first is not None:
            self.select(first)
        self._show_typed(typed, found=first is not None)

    def _show_typed(self, typed: str, *, found: bool = True) -> None:
        self.typed = typed
        subtitle = typed if found else f"{typed}: in none of these"
        self.border_subtitle = Content(subtitle) if typed else None
        self.set_class(bool(typed), "-searched")


class SearchableSelect(Select[T | None], Generic[T]):
    """One value of some; the labels are plain text, never markup.

    Args:
        prompt: shown while there is nothing to choose.
        options: label and value.
        value: what is chosen at first.
    """

    DEFAULT_CSS = """
    SearchableSelect { height: 1; }
    SearchableSelect > SelectCurrent { height: 1; background: $surface; }
    SearchableSelect > SelectCurrent Static#label { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    SearchableSelect:focus > SelectCurrent, SearchableSelect.-expanded > SelectCurrent {
        background: $cursor; color: $cursor-text; text-style: bold;
        &:ansi { text-style: reverse; }
    }
    """

    def __init__(
        self, prompt: str, options: Sequence[tuple[str, T]] = (), value: T | None = None, *, id: str
    ) -> None:
        self._offered = tuple(options)
        self._nothing = prompt
        super().__init__(self._labelled(), value=self._chosen(value), allow_blank=False, id=id, compact=True)

    def compose(self) -> ComposeResult:
        """Yield the value chosen and the list."""
        yield SelectCurrent(self.prompt)
        yield SearchableOverlay().data_bind(compact=Select.compact)

    def _watch_expanded(self, expanded: bool) -> None:
        super()._watch_expanded(expanded)
        if self.is_mounted:
            self.query_one(SearchableOverlay).begin_anew()

    @property
    def offered(self) -> tuple[tuple[str, T], ...]:
        """Label and value of every option."""
        return self._offered

    def offer(self, options: Sequence[tuple[str, T]], value: T | None) -> None:
        """Offer options without posting `Changed`: the program changed them, not the user.

        When nothing is different nothing is touched, so that news does not close an open list.

        Args:
            options: label and value of each.
            value: chosen; the first option where it is not among them.
        """
        wanted = tuple(options)
        with self.prevent(Select.Changed):
            if wanted != self._offered:
                self._offered = wanted
                open_list = self.query_one(OptionList) if self.expanded else None
                under = open_list.highlighted if open_list is not None else None
                self.set_options(self._labelled())
                if open_list is not None and under is not None and under < len(wanted):
                    # Textual puts the cursor nowhere, and the next key would take another option than before.
                    open_list.highlighted = under
            chosen = self._chosen(value)
            if self.value != chosen:
                self.value = chosen

    def _labelled(self) -> list[tuple[Content, T | None]]:
        """What Textual shows; it wants at least one option, so there is one for nothing."""
        shown: list[tuple[Content, T | None]] = [(Content(label), key) for label, key in self._offered]
        return shown or [(Content(self._nothing), None)]

    def _chosen(self, value: T | None) -> T | None:
        keys = [key for _, key in self._offered]
        return value if value in keys else next(iter(keys), None)
