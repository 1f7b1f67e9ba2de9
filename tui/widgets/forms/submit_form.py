"""The form that submits a transpiled circuit: what to run, how often, where it belongs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from textual import on
from textual.message import Message
from textual.widgets import Input, Select

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.jobs import Primitive
from tui.domain.presets import Preset
from tui.domain.pricing import unprepared_seconds
from tui.domain.pubs.inputs import Pub
from tui.domain.pubs.sweeps import Sweep
from tui.domain.submissions import Submission, separate
from tui.widgets.forms.form_values import apply_preset
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_fields import ALONE, SubmitFields
from tui.widgets.forms.submit_validation import (
    FieldError,
    formula,
    parse_observables,
    parse_precision,
    parse_seconds,
    parse_shots,
    parse_tags,
)
from tui.widgets.text.styled_text import StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock

_EACH_GROUP = "Each group of observables measured together counts anew."
_MEASURES = "The circuit measures: the estimator measures by itself, leave the measurements out."


@dataclass(frozen=True, slots=True)
class Source:
    """The circuit a submission is made from.

    Attributes:
        candidate: what was transpiled.
        text: what it was made from.
        name: what it is called; empty: as the form says.
        further: circuits that run with it.
    """

    candidate: Candidate
    text: str
    name: str = ""
    further: tuple[Source, ...] = ()


class SubmitForm(SubmitFields):
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
        self._presets: Mapping[str, Preset] = {}

    def on_mount(self) -> None:
        """Show the sampler's fields."""
        self.query_one("#submit-head", TextBlock).show([line(("Run it", TextStyle.HEAD))])
        self.offer_presets({})
        self.arrange_rows()

    def offer_presets(self, presets: Mapping[str, Preset]) -> None:
        """Offer presets by name; nothing is shown of none."""
        self._presets = presets
        self.query_one("#row-preset").display = bool(presets)
        names = [("none", ""), *((plain(name, limit=40), name) for name in presets)]
        self.query_one("#preset", SearchableSelect).offer(names, "")

    def show_candidate(self, candidate: Candidate | None, further: Sequence[Source] = ()) -> None:
        """Show the circuit that would run; `None` for no circuit.

        Args:
            candidate: it.
            further: circuits that run with it, whose parameters get values, too.
        """
        self._candidate = candidate
        together = [*([candidate] if candidate is not None else ()), *(one.candidate for one in further)]
        parameters = dict.fromkeys(name for one in together for name in one.parameters)
        self.query_one(ParameterRows).show_parameters(tuple(parameters))
        self.say("")
        self.post_message(self.Changed())

    def show_together(self, others: int, *, batch: bool) -> None:
        """Say how many circuits run with this one.

        Args:
            others: their number.
            batch: each in a job of its own.
        """
        how = "each a job of a batch" if batch else "PUBs of one job"
        head = line(("Run it", TextStyle.HEAD))
        if others:
            head = line(("Run it", TextStyle.HEAD), (f" with {others} more, {how}", TextStyle.STRONG))
        self.query_one("#submit-head", TextBlock).show([head])

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
        self.arrange_rows()
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
        together = (source, *source.further)
        sampler = self.primitive is Primitive.SAMPLER
        shots = self.parsed("shots", parse_shots) if sampler else None
        sweep = self.sweep_typed()
        pubs = [self._pub(one, sweep) for one in together]
        if shots is not None and any(pub.sweep is not None for pub in pubs):
            self.check_size([1 if pub.sweep is None else pub.sweep.sets for pub in pubs], shots)
        copies = self.copies()
        first, *further = [
            replace(pub, name=f"{pub.name} {copy}" if copies > 1 else pub.name)
            for pub in pubs
            for copy in range(1, copies + 1)
        ]
        submission = Submission(
            primitive=self.primitive,
            backend=source.candidate.backend,
            qasm=first.qasm,
            shots=shots,
            observables=first.observables,
            precision=None if sampler else self.parsed("precision", parse_precision),
            session_id=self.session_id,
            tags=self.parsed("tags", parse_tags),
            name=first.name,
            source=first.source,
            observable_labels=first.observable_labels,
            max_seconds=self.parsed("max-seconds", parse_seconds),
            private=self.query_one("#private", SearchableSelect).selection is True,
            options=self.options(),
            transpilation=first.transpilation,
            parameters=first.parameters,
            sweep=first.sweep,
            further=tuple(further),
        )
        candidates = [one.candidate for one in together for _ in range(copies)]
        return replace(submission, formula_seconds=unprepared_seconds(candidates, submission))

    def jobs(self, source: Source, draft: Submission) -> tuple[Submission, ...]:
        """Return a submission of its own for each circuit and copy of `draft`, as jobs of a batch."""
        candidates = [one.candidate for one in (source, *source.further) for _ in range(self.copies())]
        return tuple(
            replace(job, formula_seconds=unprepared_seconds([candidate], job))
            for job, candidate in zip(separate(draft), candidates, strict=True)
        )

    def preset(self) -> Preset:
        """Return the options as they are typed; what is left as it is at first is not said.

        Raises:
            FieldError: the value of a field cannot be meant.
        """
        sampler, options = self.primitive is Primitive.SAMPLER, self.options()
        twirl = (("gates", options.twirl_gates), ("measurements", options.twirl_measures))
        return Preset(
            primitive=self.primitive,
            shots=self.parsed("shots", parse_shots) if sampler else None,
            precision=None if sampler else self.parsed("precision", parse_precision),
            twirl=tuple(name for name, twirled in twirl if twirled),
            decoupling=options.decoupling,
            resilience=options.resilience,
            tags=self.parsed("tags", parse_tags),
            max_seconds=self.parsed("max-seconds", parse_seconds),
            private=self.query_one("#private", SearchableSelect).selection is True,
        )

    def _pub(self, source: Source, sweep: Sweep | None) -> Pub:
        """Return the PUB of a circuit.

        Args:
            source: the circuit.
            sweep: values of the parameters of all circuits.

        Raises:
            FieldError: it measures nothing for a sampler, or the observables do not fit.
        """
        candidate, sampler = source.candidate, self.primitive is Primitive.SAMPLER
        if sampler and not candidate.measures:
            which = f"{source.name} has none" if source.name else "the circuit has none"
            raise FieldError(
                f"The sampler needs a measurement and {which}. Add one in the editor "
                "(F3), for example c = measure q; or choose the estimator."
            )
        parse = partial(parse_observables, candidate=candidate)
        labels, observables = ((), ()) if sampler else self.parsed("observables", parse)
        return Pub(
            qasm=candidate.qasm,
            parameters=candidate.parameters,
            sweep=None if sweep is None else sweep.only(candidate.parameters),
            observables=observables,
            name=source.name or self.value("name").strip() or "untitled",
            source=source.text,
            observable_labels=labels,
            transpilation=candidate.transpilation,
        )

    @on(Select.Changed, "#primitive")
    def _primitive_changed(self) -> None:
        self.arrange_rows()
        self.say("")

    @on(Select.Changed, "#preset")
    def _preset_chosen(self) -> None:
        if (preset := self._presets.get(self.chosen("preset"))) is not None:
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
                shots = parse_shots(self.value("shots"))
            else:
                shots = math.ceil(1 / parse_precision(self.value("precision")) ** 2)
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
