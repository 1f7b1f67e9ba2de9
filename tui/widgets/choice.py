"""A compact `Select` whose options follow what the deck knows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.widgets import Select

T = TypeVar("T", bound=Hashable)


class Choice(Select[T], Generic[T]):
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
        super().__init__(
            [(Content(label), key) for label, key in options],
            prompt=prompt,
            value=Select.NULL if value is None else value,
            id=id,
            compact=True,
        )

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
        keys = [key for _, key in wanted]
        with self.prevent(Select.Changed):
            if wanted != self._offered:
                self._offered = wanted
                self.set_options([(Content(label), key) for label, key in wanted])
            if not keys:
                self.clear()
            elif (chosen := value if value in keys else keys[0]) != self.selection and chosen is not None:
                self.value = chosen
