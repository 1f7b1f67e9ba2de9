"""The fields of the form that submits a circuit, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS, Primitive
from tui.domain.primitives import Decoupling, PrimitiveOptions
from tui.domain.pubs.sweep_text import ParameterError
from tui.domain.pubs.sweeps import Sweep, check_executions
from tui.widgets.forms.form_values import TWIRLING
from tui.widgets.forms.inputs import FieldRow, text_field
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_validation import FieldError, parse_copies
from tui.widgets.text.text_widgets import TextBlock

T = TypeVar("T")
ALONE = ""
"""The session's value for a job of its own."""
_PRIVATE = (("no", False), ("yes: read once", True))
"""The service gives the inputs of a private job to nobody, its result once."""

_RESILIENCE = (("default: readout", ""), ("none", "0"), ("readout (TREX)", "1"), ("readout and ZNE", "2"))
_DECOUPLING = tuple((one.value or "off", one.value) for one in Decoupling)


class SubmitFields(Vertical):
    """Rows of fields, those of the primitive and of the service alone, and their values."""

    _programs = False
    """Primitives are submitted as quantum programs, which have more options."""

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
                "Twirling", _choice("twirling", [(name, name) for name in TWIRLING]), id="row-twirling"
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

    def arrange_rows(self) -> None:
        """Show the fields that the primitive and the service have."""
        sampler = self.primitive is Primitive.SAMPLER
        self.query_one("#row-shots").display = sampler
        self.query_one("#row-observables").display = not sampler
        self.query_one("#row-precision").display = not sampler
        self.query_one("#row-resilience").display = self._programs and not sampler
        self.query_one("#row-twirling").display = self._programs
        self.query_one("#row-decoupling").display = self._programs

    def options(self) -> PrimitiveOptions:
        """Return error suppression and mitigation as chosen."""
        if not self._programs:
            return PrimitiveOptions()
        gates, measures = TWIRLING[self.chosen("twirling")]
        level = self.chosen("resilience") if self.primitive is Primitive.ESTIMATOR else ""
        return PrimitiveOptions(
            twirl_gates=gates,
            twirl_measures=measures,
            decoupling=Decoupling(self.chosen("decoupling")),
            resilience=int(level) if level else None,
        )

    def chosen(self, field: str) -> str:
        """Return what is chosen in a list of texts, by its id."""
        chosen = self.query_one(f"#{field}", SearchableSelect).selection
        return chosen if isinstance(chosen, str) else ""

    def value(self, field: str) -> str:
        """Return what is typed in a field, by its id."""
        return self.query_one(f"#{field}", Input).value

    def copies(self) -> int:
        """Return how many copies of each circuit are run.

        Raises:
            FieldError: that cannot be meant.
        """
        copies: int = self.parsed("copies", parse_copies)
        return copies

    def parsed(self, field: str, parse: Callable[[str], T]) -> T:
        """Return the value of a field.

        Raises:
            FieldError: it cannot be meant.
        """
        try:
            return parse(self.value(field))
        except ValueError as error:
            raise FieldError(str(error), field) from error

    def sweep_typed(self) -> Sweep | None:
        """Return the values of the parameters.

        Raises:
            FieldError: a value is missing or cannot be read.
        """
        rows = self.query_one(ParameterRows)
        try:
            return rows.sweep()
        except ParameterError as error:
            raise FieldError(str(error), rows.field_of(error.parameter)) from error

    def check_size(self, sets: Sequence[int], shots: int) -> None:
        """Hold the executions of a job to the service's limits.

        Args:
            sets: sets of values of each circuit; each is run as often as there are copies.
            shots: of each set.

        Raises:
            FieldError: there are too many.
        """
        rows = self.query_one(ParameterRows)
        try:
            check_executions([*sets] * self.copies(), shots)
        except ValueError as error:
            raise FieldError(str(error), rows.field_of(next(iter(rows.parameters), ""))) from error


def _choice(id: str, options: Sequence[tuple[str, str]]) -> SearchableSelect[str]:
    return SearchableSelect("", list(options), options[0][1], id=id)
