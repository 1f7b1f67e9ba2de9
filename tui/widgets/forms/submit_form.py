"""The form that submits a transpiled circuit: what to run, how often, where it belongs, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Input, Select

from tui.common.safe_text import plain
from tui.domain.accounts import Usage
from tui.domain.circuits import Candidate
from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS, Primitive, Submission
from tui.domain.primitives import Decoupling, PrimitiveOptions
from tui.domain.pubs.sweep_text import ParameterError
from tui.domain.pubs.sweeps import Sweep, check_executions
from tui.widgets.forms.inputs import FieldRow, SanitizedInput
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_validation import (
    estimated_seconds,
    formula,
    parse_observables,
    parse_precision,
    parse_seconds,
    parse_shots,
    parse_tags,
    shots_of,
)
from tui.widgets.text.format import duration, format_usage
from tui.widgets.text.styled_text import StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock

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
_BEYOND_USAGE = "That is more than the instance has left."
_BEYOND_LIMIT = "That is more than the QPU limit: the service ends it."
_NO_DURATION = "The device tells no gate lengths: the shot counts as 0."
_EACH_GROUP = "Each group of observables measured together counts anew."
_MORE_CIRCUITS = "Error mitigation runs more circuits than are counted here."
_MEASURES = "The circuit measures: the estimator measures by itself, leave the measurements out."


@dataclass(frozen=True, slots=True)
class Source:
    """The circuit a submission is made from: what was transpiled, and from which text."""

    candidate: Candidate
    text: str


class SubmitForm(VerticalScroll, can_focus=False):
    """Shows candidate, sessions and usage as given, and makes a `Submission`."""

    DEFAULT_CSS = """
    SubmitForm { scrollbar-size-vertical: 1; }
    SubmitForm .-wrong { background: $error 30%; }
    SubmitForm > TextBlock { margin-top: 1; }
    SubmitForm > #submit-head { margin-top: 0; }
    """

    class SessionChosen(Message):
        """The user chose a session (`""`: alone)."""

        def __init__(self, session_id: str) -> None:
            super().__init__()
            self.session_id = session_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None
        self._usage: Usage | None = None
        self._trouble = ""
        self._session = ALONE
        self._programs = False

    def compose(self) -> ComposeResult:
        """Yield the fields, then the error, then the estimate."""
        primitives = [(str(primitive), primitive) for primitive in Primitive]
        yield TextBlock(id="submit-head")
        yield FieldRow("Primitive", SearchableSelect("", primitives, Primitive.SAMPLER, id="primitive"))
        yield FieldRow("Shots", _input("shots", str(DEFAULT_SHOTS)), id="row-shots")
        yield FieldRow("Observables", _input("observables", "", "ZZ, XX"), id="row-observables")
        yield FieldRow("Precision", _input("precision", str(DEFAULT_PRECISION)), id="row-precision")
        yield ParameterRows(id="parameters")
        yield FieldRow("Mitigation", _choice("resilience", _RESILIENCE), id="row-resilience")
        yield FieldRow(
            "Twirling", _choice("twirling", [(name, name) for name in _TWIRLING]), id="row-twirling"
        )
        yield FieldRow("Decoupling", _choice("decoupling", _DECOUPLING), id="row-decoupling")
        yield FieldRow("Session", SearchableSelect("alone", [("alone", ALONE)], ALONE, id="session"))
        yield FieldRow("Tags", _input("tags", "", "comma, separated"))
        yield FieldRow("Name", _input("name", "", "untitled"))
        yield FieldRow("QPU limit", _input("max-seconds", "", "seconds, or empty"))
        yield FieldRow("Private", SearchableSelect("", _PRIVATE, False, id="private"))
        yield TextBlock(id="submit-trouble")
        yield TextBlock(id="estimate")

    def on_mount(self) -> None:
        """Show the sampler's fields."""
        self.query_one("#submit-head", TextBlock).show([line(("Run it", TextStyle.HEAD))])
        self._arrange()

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

    def show_usage(self, usage: Usage | None) -> None:
        """Show what the instance has left; `None` when not known."""
        self._usage = usage
        self._show_estimate()

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
        for entry in self.query(Input):
            entry.set_class(entry.id == field, "-wrong")
            if entry.id == field:
                entry.focus()
        self._show_estimate()
        if trouble:
            # It stands below the fields, which may not all be in sight.
            self.call_after_refresh(self.scroll_end, animate=False)

    def seconds(self) -> float | None:
        """Return the estimated QPU seconds of the form; `None` while they cannot be computed."""
        if self._candidate is None:
            return None
        try:
            shots = parse_shots(self._value("shots"))
            precision = parse_precision(self._value("precision"))
        except ValueError:
            return None
        shots = shots_of(self.primitive, shots, precision)
        rows = self.query_one(ParameterRows)
        rows.show_size(shots)
        try:
            sweep = rows.sweep()
        except ParameterError:
            return None
        return estimated_seconds(self._candidate, shots * (1 if sweep is None else sweep.sets))

    def submission(self, source: Source) -> Submission | None:
        """Return the form as a submission.

        Args:
            source: the circuit to submit.

        Returns:
            The submission; `None` after showing the error of a field.
        """
        candidate, primitive = source.candidate, self.primitive
        field = ""
        try:
            if primitive is Primitive.SAMPLER and not candidate.measures:
                raise ValueError(
                    "The sampler needs a measurement and the circuit has none. Add one in the editor "
                    "(F3), for example c = measure q; or choose the estimator."
                )
            field = "shots"
            shots = parse_shots(self._value("shots")) if primitive is Primitive.SAMPLER else None
            labels: tuple[str, ...] = ()
            observables: tuple[str, ...] = ()
            precision = None
            if primitive is Primitive.ESTIMATOR:
                field = "observables"
                labels, observables = parse_observables(self._value("observables"), candidate)
                field = "precision"
                precision = parse_precision(self._value("precision"))
            field = "parameters"
            sweep = self._sweep(shots)
            field = "tags"
            tags = parse_tags(self._value("tags"))
            field = "max-seconds"
            max_seconds = parse_seconds(self._value("max-seconds"))
        except ValueError as error:
            if isinstance(error, ParameterError):
                field = self.query_one(ParameterRows).field_of(error.parameter)
            self.say(str(error), field=field)
            return None
        self.say("")
        return Submission(
            primitive=primitive,
            backend=candidate.backend,
            qasm=candidate.qasm,
            shots=shots,
            observables=observables,
            precision=precision,
            session_id=self.session_id,
            tags=tags,
            name=self._value("name").strip() or "untitled",
            source=source.text,
            observable_labels=labels,
            max_seconds=max_seconds,
            private=self.query_one("#private", SearchableSelect).selection is True,
            options=self._options(),
            transpilation=candidate.transpilation,
            parameters=candidate.parameters,
            sweep=sweep,
        )

    def _sweep(self, shots: int | None) -> Sweep | None:
        """Return the values of the parameters.

        Args:
            shots: of each set of values; `None`: as many as the precision asks for.

        Raises:
            ParameterError: a value is missing or cannot be read, or there are too many executions.
        """
        sweep = self.query_one(ParameterRows).sweep()
        if sweep is not None and shots is not None:
            try:
                check_executions([sweep.sets], shots)
            except ValueError as error:
                raise ParameterError(str(error), sweep.names[0]) from error
        return sweep

    @on(Select.Changed, "#primitive")
    def _primitive_changed(self) -> None:
        self._arrange()
        self.say("")

    @on(Select.Changed, "#resilience")
    def _mitigation_changed(self) -> None:
        self._show_estimate()

    @on(ParameterRows.Changed)
    def _file_read(self) -> None:
        self._show_estimate()

    @on(Select.Changed, "#session")
    def _session_changed(self) -> None:
        # A list also posts its first value when it is made: nobody chose that.
        if self.session_id != self._session:
            self._session = self.session_id
            self.post_message(self.SessionChosen(self._session))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.input.remove_class("-wrong")
        self._trouble = ""
        self._show_estimate()

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

    def _cut_short(self, seconds: float) -> bool:
        """Whether the limit in the form is below so many seconds."""
        try:
            limit = parse_seconds(self._value("max-seconds"))
        except ValueError:
            return False
        return limit is not None and limit < seconds

    def _show_estimate(self) -> None:
        width = max(24, self.size.width - 1)
        self.query_one("#estimate", TextBlock).show(self._estimate_lines(width))
        trouble = self.query_one("#submit-trouble", TextBlock)
        trouble.display = bool(self._trouble)
        trouble.show(wrapped(f"✘ {self._trouble}", width, TextStyle.BAD) if self._trouble else ())

    def on_resize(self) -> None:
        """Wrap the estimate to the new width."""
        self._show_estimate()

    def _estimate_lines(self, width: int) -> list[StyledLine]:
        seconds = self.seconds()
        if self._candidate is None or seconds is None:
            return []
        remaining = self._usage.remaining_seconds if self._usage is not None else None
        estimator = self.primitive is Primitive.ESTIMATOR
        muted, warning = TextStyle.MUTED, TextStyle.WARNING
        left = format_usage(self._usage)
        sentences = (
            (left, bool(left), TextStyle.PLAIN),
            (_BEYOND_USAGE, remaining is not None and seconds > remaining, warning),
            (_BEYOND_LIMIT, self._cut_short(seconds), warning),
            (formula(self._candidate), True, muted),
            (_NO_DURATION, self._candidate.duration_us is None, muted),
            (_EACH_GROUP, estimator, muted),
            (_MORE_CIRCUITS, estimator and self._programs and self._chosen("resilience") != "0", warning),
            (_MEASURES, estimator and self._candidate.measures, warning),
        )
        lines = [line("takes about ", (f"{duration(seconds)} of QPU", TextStyle.STRONG))]
        for sentence, applies, style in sentences:
            lines += wrapped(sentence, width, style) if applies else []
        return lines


def _choice(id: str, options: Sequence[tuple[str, str]]) -> SearchableSelect[str]:
    return SearchableSelect("", list(options), options[0][1], id=id)


def _input(id: str, value: str, placeholder: str = "") -> Input:
    field = SanitizedInput(value, placeholder=placeholder, id=id, compact=True)
    field.cursor_blink = False
    return field
