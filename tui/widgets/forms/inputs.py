"""Fields of forms: input of untrusted text, completion of tags, a label beside a field."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar

from rich.text import Text
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.common.safe_text import plain
from tui.domain.jobs import Job
from tui.domain.submissions import MAX_TAG_LENGTH


class SanitizedInput(Input):
    """Shows control and direction-changing characters as signs; the value keeps them."""

    @property
    def _value(self) -> Text:
        # Private, but all that Textual draws of the value goes through it, and nothing public does.
        # One sign stands for each character.
        if self.password:
            return super()._value
        return Text(plain(self.value, limit=len(self.value) + 1), no_wrap=True, overflow="ignore", end="")


def text_field(id: str, value: str = "", placeholder: str = "") -> Input:
    """Return a compact field whose caret does not blink."""
    field = SanitizedInput(value, placeholder=placeholder, id=id, compact=True)
    field.cursor_blink = False
    return field


class CompletingInput(SanitizedInput):
    """Tab takes what is suggested; without a suggestion it goes on to the next field."""

    BINDINGS: ClassVar = [Binding("tab", "take_suggestion", "Complete", show=False)]

    def action_take_suggestion(self) -> None:
        """Take the suggestion as right arrow does.

        Raises:
            SkipAction: there is none; the key goes on to the next field.
        """
        # `_suggestion` is private: nothing public says whether there is a suggestion (textual 8.2).
        if not self._suggestion or not self.cursor_at_end:
            raise SkipAction
        self.action_cursor_right()


def typable_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags that can be typed into a comma-separated field, each once."""
    return [
        tag
        for tag in dict.fromkeys(tags)
        if tag.isprintable()
        and len(tag) <= MAX_TAG_LENGTH
        and tag == tag.strip()
        and "," not in tag
        and not tag.startswith("-")
    ]


def tags_of_jobs(jobs: Iterable[Job]) -> list[str]:
    """Return the tags of these jobs that can be typed, in the order they come first."""
    return typable_tags(tag for job in jobs for tag in job.tags)


def completed(typed: str, tags: Iterable[str], taken: Collection[str] = ()) -> str | None:
    """Return the first tag that begins with what is typed and is longer.

    Args:
        typed: the beginning, in any case.
        tags: the likeliest first.
        taken: tags to leave out.

    Returns:
        The whole tag; `None` when none fits.
    """
    begun, size = typed.casefold(), len(typed)
    return next(
        (tag for tag in tags if len(tag) > size and tag[:size].casefold() == begun and tag not in taken), None
    )


class FieldRow(Horizontal):
    """A label of fixed width beside a compact field."""

    DEFAULT_CSS = """
    FieldRow { height: 1; }
    FieldRow > .field-row--label { width: 13; height: 1; color: $text-muted; }
    FieldRow > Select, FieldRow > Input { width: 1fr; height: 1; }
    """

    def __init__(self, label: str, field: Widget, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = label
        self._field = field

    def compose(self) -> ComposeResult:
        """Yield the label, then the field."""
        yield Static(Content(self._label), classes="field-row--label")
        yield self._field
