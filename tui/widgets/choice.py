"""A compact `Select` whose options follow what the deck knows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.widgets import OptionList, Select

T = TypeVar("T", bound=Hashable)


class Choice(Select[T | None], Generic[T]):
    """One value of some; the labels are plain text, never markup.

    Args:
        prompt: shown while there is nothing to choose.
        options: label and value.
        value: what is chosen at first.
    """

    DEFAULT_CSS = """
    Choice { height: 1; }
    Choice > SelectCurrent { height: 1; background: $surface; }
    Choice > SelectCurrent Static#label { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Choice:focus > SelectCurrent, Choice.-expanded > SelectCurrent {
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

    @property
    def offered(self) -> tuple[tuple[str, T], ...]:
        """Label and value of every option."""
        return self._offered

    def offer(self, options: Sequence[tuple[str, T]], value: T | None) -> None:
        """Offer these options and choose `value`, or the first where it is not among them.

        No `Changed` is sent: the program changed it, not the user. When nothing is different nothing is
        touched, so that news does not close an open list.
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
