"""The form that submits a transpiled circuit: what to run, how often, where it belongs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Select

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS, Primitive
from tui.domain.presets import Preset
from tui.domain.pricing import unprepared_seconds
from tui.domain.primitives import Decoupling, PrimitiveOptions
from tui.domain.pubs.sweep_text import ParameterError
from tui.domain.pubs.sweeps import Sweep, check_executions
from tui.domain.submissions import Submission
from tui.widgets.forms.form_values import apply_preset
from tui.widgets.forms.inputs import FieldRow, text_field
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_validation import (
    FieldError,
    formula,
    parse_copies,
    parse_observables,
    parse_precision,
    parse_seconds,
    parse_shots,
    parse_tags,
)
from tui.widgets.text.styled_text import StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock

T = TypeVar("T")
ALONE = ""
"""The session's value for a job of its own."""
_PRIVATE = (("no", False), ("yes: read once", True))
"""The service gives the inputs of a private job to nobody, its result once."""

_RESILIENCE = (("default: readout", ""), ("none", "0"), ("readout (TREX)", "1"), ("readout and ZNE", "2"))
_TWIRLING: dict[str, tuple[bool | None, bool | None]] = {
    "default": (None, None),
    "off": (False, False),
    "gates": (True, False),
    "measurements": (False, True),
    "both": (True, True),
}
"""Whether gates and measurements are twirled."""
_DECOUPLING = tuple((one.value or "off", one.value) for one in Decoupling)
_EACH_GROUP = "Each group of observables measured together counts anew."
_MEASURES = "The circuit measures: the estimator measures by itself, leave the measurements out."


@dataclass(frozen=True, slots=True)
class Source:
    """The circuit a submission is made from: what was transpiled, and from which text."""

    candidate: Candidate
    text: str


class SubmitForm(Vertical):
    """Shows candidate and sessions as given, and makes a `Submission`."""

    DEFAULT_CSS = """
    SubmitForm > #fields { height: 1fr; scrollbar-size-vertical: 1; }
    SubmitForm .-wrong { background: $error 30%; }
    SubmitForm #notes { margin-top: 1; }
    """

    class SessionChosen(Message):
        """The user chose a session (`""`: alone)."""

        def __init__(self, session_id: str) -> None:
            super().__init__()
            self.session_id = session_id

    class Changed(Message):
        """Any value, or the circuit, is another one."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None
        self._trouble = ""
        self._told_of: dict[str | None, str] = {}
        self._session = ALONE
        self._programs = False
        self._presets: Mapping[str, Preset] = {}

    def compose(self) -> ComposeResult:
        """Yield the fields and notes, which scroll, and the error, which stays in sight."""
        primitives = [(str(primitive), primitive) for primitive in Primitive]
        yield TextBlock(id="submit-head")
        with VerticalScroll(id="fields", can_focus=False):
            yield FieldRow("Preset", SearchableSelect[str]("–", id="preset"), id="row-preset")
            yield FieldRow("Primitive", SearchableSelect("", primitives, Primitive.SAMPLER, id="primitive"))
            yield FieldRow("Shots", text_field("shots", str(DEFAULT_SHOTS)), id="row-shots")
            yield FieldRow("Observables", text_field("observables", "", "ZZ, XX"), id="row-observables")
            yield FieldRow("Precision", text_field("precision", str(DEFAULT_PRECISION)), id="row-precision")
            yield ParameterRows(id="parameters")
            yield FieldRow("Mitigation", _choice("resilience", _RESILIENCE), id="row-resilience")
            yield FieldRow(
                "Twirling", _choice("twirling", [(name, name) for name in _TWIRLING]), id="row-twirling"
            )
            yield FieldRow("Decoupling", _choice("decoupling", _DECOUPLING), id="row-decoupling")
            yield FieldRow("Session", SearchableSelect("alone", [("alone", ALONE)], ALONE, id="session"))
            yield FieldRow("Tags", text_field("tags", "", "comma, separated"))
            yield FieldRow("Name", text_field("name", "", "untitled"))
            yield FieldRow("QPU limit", text_field("max-seconds", "", "seconds, or empty"))
            yield FieldRow("Copies", text_field("copies", "1"))
            yield FieldRow("Private", SearchableSelect("", _PRIVATE, False, id="private"))
            yield TextBlock(id="notes")
        yield TextBlock(id="submit-trouble")

    def on_mount(self) -> None:
        """Show the sampler's fields."""
        self.query_one("#submit-head", TextBlock).show([line(("Run it", TextStyle.HEAD))])
        self.offer_presets({})
        self._arrange()

    def offer_presets(self, presets: Mapping[str, Preset]) -> None:
        """Offer presets by name; nothing is shown of none."""
        self._presets = presets
        self.query_one("#row-preset").display = bool(presets)
        names = [("none", ""), *((plain(name, limit=40), name) for name in presets)]
        self.query_one("#preset", SearchableSelect).offer(names, "")

    @property
    def primitive(self) -> Primitive:
        """Primitive that is chosen."""
        chosen = self.query_one("#primitive", SearchableSelect).selection
        return chosen if isinstance(chosen, Primitive) else Primitive.SAMPLER

    @property
    def session_id(self) -> str:
        """Id of the session chosen; empty for none."""
        chosen = self.query_one("#session", SearchableSelect).selection
        return chosen if isinstance(chosen, str) else ALONE

    def show_candidate(self, candidate: Candidate | None) -> None:
        """Show the circuit that would run; `None` for no circuit."""
        self._candidate = candidate
        self.query_one(ParameterRows).show_parameters(candidate.parameters if candidate is not None else ())
        self.say("")
        self.post_message(self.Changed())

    def show_sessions(self, sessions: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer sessions after `alone`.

        Args:
            sessions: label and id of each.
            chosen: id of the one in use; empty for none.
        """
        self.query_one("#session", SearchableSelect).offer([("alone", ALONE), *sessions], chosen)
        self._session = self.session_id

    def offer_options(self, offered: bool) -> None:
        """Offer error suppression and mitigation, which quantum programs alone have."""
        self._programs = offered
        self._arrange()
        self.post_message(self.Changed())

    def suggest_name(self, name: str) -> None:
        """Name the run as the circuit is named."""
        self.query_one("#name", Input).value = name

    def focus_first(self) -> None:
        """Focus the shots, or the observables."""
        sampler = self.primitive is Primitive.SAMPLER
        self.query_one("#shots" if sampler else "#observables", Input).focus()

    def say(self, trouble: str, *, field: str = "") -> None:
        """Show an error, and mark and focus its field.

        Args:
            trouble: the message; empty removes the last one.
            field: id of the field; empty for none.
        """
        self._trouble = plain(trouble, limit=2000)
        self._told_of = {entry.id: entry.value for entry in self.query(Input)}
        for entry in self.query(Input):
            entry.set_class(entry.id == field, "-wrong")
            if entry.id == field:
                entry.focus()
        self._show_notes()

    def submission(self, source: Source) -> Submission | None:
        """Return the form as a submission.

        Args:
            source: the circuit to submit.

        Returns:
            The submission; `None` after showing the error of a field.
        """
        try:
            draft = self.draft(source)
        except FieldError as error:
            self.say(str(error), field=error.field)
            return None
        self.say("")
        return draft

    def draft(self, source: Source) -> Submission:
        """Return the form as a submission; shows nothing.

        Args:
            source: the circuit to submit.

        Raises:
            FieldError: the value of a field cannot be meant.
        """
        candidate, primitive = source.candidate, self.primitive
        sampler = primitive is Primitive.SAMPLER
        if sampler and not candidate.measures:
            raise FieldError(
                "The sampler needs a measurement and the circuit has none. Add one in the editor "
                "(F3), for example c = measure q; or choose the estimator."
            )
        parse = partial(parse_observables, candidate=candidate)
        labels, observables = ((), ()) if sampler else self._parsed("observables", parse)
        shots = self._parsed("shots", parse_shots) if sampler else None
        submission = Submission(
            primitive=primitive,
            backend=candidate.backend,
            qasm=candidate.qasm,
            shots=shots,
            observables=observables,
            precision=None if sampler else self._parsed("precision", parse_precision),
            session_id=self.session_id,
            tags=self._parsed("tags", parse_tags),
            name=self._value("name").strip() or "untitled",
            source=source.text,
            observable_labels=labels,
            max_seconds=self._parsed("max-seconds", parse_seconds),
            private=self.query_one("#private", SearchableSelect).selection is True,
            options=self._options(),
            transpilation=candidate.transpilation,
            parameters=candidate.parameters,
            sweep=self._sweep(shots),
        )
        first, *_ = submission.pubs
        names = [f"{first.name} {copy}" for copy in range(1, self._copies() + 1)]
        if len(names) > 1:
            further = tuple(replace(first, name=name) for name in names[1:])
            submission = replace(submission, name=names[0], further=further)
        return replace(submission, formula_seconds=unprepared_seconds(candidate, submission))

    def _copies(self) -> int:
        copies: int = self._parsed("copies", parse_copies)
        return copies

    def _parsed(self, field: str, parse: Callable[[str], T]) -> T:
        """Return the value of a field.

        Raises:
            FieldError: it cannot be meant.
        """
        try:
            return parse(self._value(field))
        except ValueError as error:
            raise FieldError(str(error), field) from error

    def _sweep(self, shots: int | None) -> Sweep | None:
        """Return the values of the parameters.

        Args:
            shots: of each set of values; `None`: as many as the precision asks for.

        Raises:
            FieldError: a value is missing or cannot be read, or there are too many executions.
        """
        rows = self.query_one(ParameterRows)
        try:
            sweep = rows.sweep()
            if sweep is not None and shots is not None:
                check_executions([sweep.sets] * self._copies(), shots)
        except ParameterError as error:
            raise FieldError(str(error), rows.field_of(error.parameter)) from error
        except ValueError as error:
            raise FieldError(str(error), rows.field_of(sweep.names[0] if sweep else "")) from error
        return sweep

    @on(Select.Changed, "#primitive")
    def _primitive_changed(self) -> None:
        self._arrange()
        self.say("")

    @on(Select.Changed, "#preset")
    def _preset_chosen(self) -> None:
        if (preset := self._presets.get(self._chosen("preset"))) is not None:
            apply_preset(self, preset)

    @on(Select.Changed)
    def _selected(self) -> None:
        self.post_message(self.Changed())

    @on(ParameterRows.Changed)
    def _file_read(self) -> None:
        self._show_notes()
        self.post_message(self.Changed())

    @on(Select.Changed, "#session")
    def _session_changed(self) -> None:
        # A list also posts its first value when it is made: nobody chose that.
        if self.session_id != self._session:
            self._session = self.session_id
            self.post_message(self.SessionChosen(self._session))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        # What was typed before the error was told may be heard of after it.
        if event.value != self._told_of.get(event.input.id):
            event.input.remove_class("-wrong")
            self._trouble = ""
            self._show_notes()
        self.post_message(self.Changed())

    def _arrange(self) -> None:
        sampler = self.primitive is Primitive.SAMPLER
        self.query_one("#row-shots").display = sampler
        self.query_one("#row-observables").display = not sampler
        self.query_one("#row-precision").display = not sampler
        self.query_one("#row-resilience").display = self._programs and not sampler
        self.query_one("#row-twirling").display = self._programs
        self.query_one("#row-decoupling").display = self._programs

    def _options(self) -> PrimitiveOptions:
        if not self._programs:
            return PrimitiveOptions()
        gates, measures = _TWIRLING[self._chosen("twirling")]
        level = self._chosen("resilience") if self.primitive is Primitive.ESTIMATOR else ""
        return PrimitiveOptions(
            twirl_gates=gates,
            twirl_measures=measures,
            decoupling=Decoupling(self._chosen("decoupling")),
            resilience=int(level) if level else None,
        )

    def _chosen(self, field: str) -> str:
        chosen = self.query_one(f"#{field}", SearchableSelect).selection
        return chosen if isinstance(chosen, str) else ""

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value

    def _show_notes(self) -> None:
        width = max(24, self.size.width)
        self._show_size()
        # The scrollbar needs a cell.
        self.query_one("#notes", TextBlock).show(self._note_lines(width - 1))
        trouble = self.query_one("#submit-trouble", TextBlock)
        trouble.display = bool(self._trouble)
        trouble.show(wrapped(f"✘ {self._trouble}", width, TextStyle.BAD) if self._trouble else ())

    def _show_size(self) -> None:
        """Show how often the sweep is executed, while the form says it."""
        with contextlib.suppress(ValueError):
            if self.primitive is Primitive.SAMPLER:
                shots = parse_shots(self._value("shots"))
            else:
                shots = math.ceil(1 / parse_precision(self._value("precision")) ** 2)
            self.query_one(ParameterRows).show_size(shots)

    def on_resize(self) -> None:
        """Wrap the notes to the new width."""
        self._show_notes()

    def _note_lines(self, width: int) -> list[StyledLine]:
        candidate = self._candidate
        if candidate is None:
            return []
        estimator = self.primitive is Primitive.ESTIMATOR
        sentences = (
            (_MEASURES, estimator and candidate.measures, TextStyle.WARNING),
            (formula(candidate), True, TextStyle.MUTED),
            (_EACH_GROUP, estimator and not self._programs, TextStyle.MUTED),
        )
        return [
            row
            for sentence, applies, style in sentences
            if applies
            for row in wrapped(sentence, width, style)
        ]


def _choice(id: str, options: Sequence[tuple[str, str]]) -> SearchableSelect[str]:
    return SearchableSelect("", list(options), options[0][1], id=id)
