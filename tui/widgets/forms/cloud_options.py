"""The second line of choices of the transpile review: what the cloud transpiler is asked."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Select, Static

from tui.domain.cloud_transpiler import NOTHING_ASKED, Ai, CloudOptions, LayoutMode, Preference
from tui.widgets.forms.select import Choice

Preferences = tuple[Preference, ...]
AIS: tuple[tuple[str, Ai], ...] = tuple((ai.word, ai) for ai in Ai)
GATES: tuple[tuple[str, bool], ...] = (("standard", False), ("fractional", True))
_OF_AI = "#ai-layout-label, #ai-layout, #goal-label, #goal"
_ANY: tuple[str, Preferences] = ("any", ())
_EACH: tuple[tuple[str, Preferences], ...] = tuple((one.value, (one,)) for one in Preference)


class CloudChoices(Horizontal):
    """Says with `Changed` that the user chose otherwise; `options` says what.

    Coupling map and Qiskit options are not chosen here: `refine` sets them, and the line says how many there
    are.
    """

    DEFAULT_CSS = """
    CloudChoices { height: 1; padding: 0 1; }
    CloudChoices > Static { width: auto; height: 1; color: $text-muted; }
    CloudChoices > Choice { margin-right: 1; }
    CloudChoices > #ai { width: 7; }
    CloudChoices > #ai-layout { width: 11; }
    CloudChoices > #goal { width: 14; }
    CloudChoices > #gates { width: 13; }
    """

    class Changed(Message):
        """Something else is asked of the cloud transpiler."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._refined = NOTHING_ASKED

    def compose(self) -> ComposeResult:
        """The fields in one line."""
        yield Static(Content("AI "))
        yield Choice("", AIS, Ai.AUTO, id="ai")
        yield Static(Content("Layout "), id="ai-layout-label")
        modes = [(mode.value, mode) for mode in LayoutMode]
        yield Choice("", modes, LayoutMode.OPTIMIZE, id="ai-layout")
        yield Static(Content("Goal "), id="goal-label")
        yield Choice("", (_ANY, *_EACH), (), id="goal")
        yield Static(Content("Gates "))
        yield Choice("", GATES, False, id="gates")
        yield Static(id="more", markup=False)

    def show(self, options: CloudOptions) -> None:
        """Set the fields to these options, without telling of a change."""
        self._refined = options
        with self.prevent(Select.Changed):
            self.query_one("#ai", Choice).value = options.ai
            self.query_one("#ai-layout", Choice).value = options.layout_mode
            self.query_one("#gates", Choice).value = options.fractional_gates
            several = options.preferences if len(options.preferences) > 1 else ()
            more = ((", ".join(several), several),) if several else ()
            self.query_one("#goal", Choice).offer((_ANY, *_EACH, *more), options.preferences)
        self._arrange()

    def options(self) -> CloudOptions:
        """What is asked. What is of the AI passes counts only while they may be used."""
        ai = self._ai
        of_ai = ai is not Ai.OFF
        mode = self.query_one("#ai-layout", Choice).selection
        goal = self.query_one("#goal", Choice).selection
        return replace(
            self._refined,
            ai=ai,
            layout_mode=mode if of_ai and isinstance(mode, LayoutMode) else LayoutMode.OPTIMIZE,
            preferences=goal if of_ai and isinstance(goal, tuple) else (),
            fractional_gates=self.query_one("#gates", Choice).selection is True,
        )

    @property
    def _ai(self) -> Ai:
        chosen = self.query_one("#ai", Choice).selection
        return chosen if isinstance(chosen, Ai) else Ai.AUTO

    @on(Select.Changed)
    def _changed(self, event: Select.Changed) -> None:
        event.stop()
        self._arrange()
        self.post_message(self.Changed())

    def _arrange(self) -> None:
        for of_ai in self.query(_OF_AI):
            of_ai.display = self._ai is not Ai.OFF
        many = self._refined.refinements
        self.query_one("#more", Static).update(Content(f"+{many} more" if many else ""))
