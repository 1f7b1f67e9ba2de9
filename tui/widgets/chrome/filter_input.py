"""The line a filter or a command is typed in, with what it may become below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tui.common.safe_text import plain
from tui.jobquery.completion import Completion, Values, complete_filter
from tui.jobquery.filters import FilterError, JobFilter, parse_filter
from tui.jobquery.view import MAX_FILTER_LENGTH
from tui.widgets.forms.inputs import SanitizedInput
from tui.widgets.keymap import FILTER, bindings
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line, width_of
from tui.widgets.text.text_widgets import TextBlock

_HINT = "status:failed backend:cusco tag:vqe age<2d shots>1000 free text"
_NOTHING = Completion(0)


class FilterInput(Vertical):
    """Hidden until it is asked for; without a filter and without the focus it hides again.

    Attributes:
        values: what the fields of a filter are completed from.
        complete_command: says what the end of a command may become.
    """

    DEFAULT_CSS = """
    FilterInput { height: auto; }
    """
    BINDINGS: ClassVar = bindings(FILTER)

    class Changed(Message):
        """Another filter, as far as it can be read."""

        def __init__(self, wanted: JobFilter) -> None:
            super().__init__()
            self.wanted = wanted

    class Left(Message):
        """The filter is kept as it is, and no command is given: the keys go back to the table."""

    class Given(Message):
        """A command is given."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._count = ""
        self.values: Values = {}
        self.complete_command: Callable[[str], Completion] = lambda _text: _NOTHING
        self._completion = _NOTHING
        self._completed: tuple[Input | None, str] = (None, "")
        """The field and its text up to the cursor, of which the completion is."""
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Yield the fields of filter and command, and the lines below them."""
        for name in ("filter", "command"):
            field = SanitizedInput(placeholder=_HINT, compact=True, id=name, max_length=MAX_FILTER_LENGTH)
            # The first letter of a command must not replace the `:`.
            field.select_on_focus = name == "filter"
            field.cursor_blink = False
            yield field
        yield TextBlock(id="candidates")
        yield TextBlock(id="filter-said")

    def on_mount(self) -> None:
        """Hide it until it is asked for; complete what is before the cursor, wherever that goes."""
        self.display = self.command.display = False
        for field in (self.field, self.command):
            self.watch(field, "selection", self._complete, init=False)

    @property
    def field(self) -> Input:
        """Field of the filter."""
        return self.query_one("#filter", Input)

    @property
    def command(self) -> Input:
        """Field of the command."""
        return self.query_one("#command", Input)

    @property
    def text(self) -> str:
        """Text of the filter as typed."""
        return self.field.value

    @property
    def _typing(self) -> Input | None:
        return next((one for one in (self.field, self.command) if one.has_focus), None)

    def ask(self) -> None:
        """Show the field of the filter and type in it."""
        self.display = self.field.display = True
        self.field.focus()

    def ask_command(self) -> None:
        """Show the field of the command and type in it."""
        self.command.value = ":"
        self.command.cursor_position = 1
        self.display = self.command.display = True
        self.field.display = bool(self.text)
        self.command.focus()

    def use(self, text: str) -> None:
        """Show and use this filter."""
        self.display = self.field.display = bool(text)
        self.field.value = text

    def learn(self, values: Values) -> None:
        """Complete from these values from now on."""
        self.values = values
        self._completed = (None, "")
        self._complete()

    def show_count(self, count: str) -> None:
        """Show how many jobs the filter finds, while it is typed."""
        self._count = count
        self._say()

    # --- what is typed ---------------------------------------------------------------------------

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == ":" and self.field.has_focus:
            self.field.value = ""
            self.ask_command()
            return
        self._complete()
        self.post_message(self.Changed(readable_filter(event.value)))

    @on(Input.Changed, "#command")
    def _command_typed(self, event: Input.Changed) -> None:
        event.stop()
        self._complete()
        if not event.value and self.command.has_focus:
            self.post_message(self.Left())

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        command = event.value.strip().removeprefix(":").strip() if event.input is self.command else ""
        self.post_message(self.Left())
        if command:
            self.post_message(self.Given(command))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what may be typed."""
        self._complete()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Hide an empty field, and that of the command."""
        self.command.display = self.command.has_focus
        self.field.display = self.field.has_focus or bool(self.text.strip())
        self.display = self.command.display or self.field.display
        self._complete()

    # --- what it may become ----------------------------------------------------------------------

    def _complete(self) -> None:
        """Find the candidates for what stands before the cursor."""
        typing = self._typing
        text = typing.value[: typing.cursor_position] if typing is not None else ""
        if (typing, text) != self._completed:
            self._completed, self._chosen = (typing, text), 0
            if typing is None:
                self._completion = _NOTHING
            elif typing is self.field:
                self._completion = complete_filter(text, self.values)
            else:
                self._completion = self.complete_command(text)
        self._say()

    def action_take(self) -> None:
        """Put the chosen candidate in the place of the word at the cursor; without one nothing happens."""
        typing, candidates = self._typing, self._completion.candidates
        if typing is not None and candidates:
            typing.replace(candidates[self._chosen], self._completion.start, typing.cursor_position)

    def action_choose(self, steps: int) -> None:
        """Choose the next candidate, or the one before; behind the last comes the first."""
        if candidates := self._completion.candidates:
            self._chosen = (self._chosen + steps) % len(candidates)
            self._say()

    def _say(self) -> None:
        said, offered = self.query_one("#filter-said", TextBlock), self.query_one("#candidates", TextBlock)
        typing, candidates = self._typing, self._completion.candidates
        if candidates:
            offered.show([candidate_line(candidates, self._chosen, self.size.width)])
        elif self._show_error():
            return
        else:
            offered.show([BLANK] if typing else [])
        keys = "enter keeps it   esc drops it" if typing is self.field else "enter does it   esc leaves"
        hint = f"   tab completes   {keys}" if candidates else f"   {keys}"
        count = self._count if typing is self.field else ""
        said.show([line(" ", (count, TextStyle.MUTED), (hint, TextStyle.MUTED))] if typing else [])

    def _show_error(self) -> bool:
        """Show what is wrong with the filter, if anything, and whether it is."""
        try:
            parse_filter(self.text)
        except FilterError as error:
            # The field scrolls when it is full: then the place below is another.
            start = 1 + error.at if len(self.text) + 2 < self.size.width else 1
            carets = "^" * max(1, min(error.length, self.size.width - start - 1))
            self.query_one("#candidates", TextBlock).show([line(" " * start, (carets, TextStyle.BAD))])
            message = line(" ", (plain(error.message, limit=300), TextStyle.BAD))
            self.query_one("#filter-said", TextBlock).show([message])
            return True
        return False


def readable_filter(text: str) -> JobFilter:
    """Parse a filter as far as it can be read.

    Returns:
        All of it, or what stands before the first term that is wrong, or not typed to its end.
    """
    try:
        return parse_filter(text)
    except FilterError as error:
        return parse_filter(text[: error.at].rstrip("-"))


def candidate_line(candidates: Sequence[str], chosen: int, width: int) -> StyledLine:
    """Show candidates beside each other, as many as fit, among them the chosen one.

    Args:
        candidates: not empty.
        chosen: the place of the chosen one.
        width: cells.

    Returns:
        A line in which the chosen one has the style of a cursor.
    """
    words = [f" {plain(word, limit=60)} " for word in candidates]
    first, room = chosen, width - 4 - width_of(line(words[chosen]))
    while first > 0 and (room := room - width_of(line(words[first - 1]))) >= 0:
        first -= 1
    parts: list[tuple[str, TextStyle]] = [("‹" if first else " ", TextStyle.MUTED)]
    used = 2
    for place, word in enumerate(words[first:], first):
        used += width_of(line(word))
        if used > width - 1 and place > chosen:
            parts.append(("›", TextStyle.MUTED))
            break
        parts.append((word, TextStyle.CURSOR if place == chosen else TextStyle.PLAIN))
    return line(*parts)
