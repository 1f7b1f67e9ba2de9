"""Rows of the submit form for the free parameters of a circuit: a field each, a file, the sweep's size."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Select

from tui.common.bounded_read import read_file
from tui.common.safe_text import plain, shorten
from tui.domain.pubs.sweep_text import ParameterError, Table, parse_table, sweep_of
from tui.domain.pubs.sweeps import MOST_EXECUTIONS, Sweep, check_executions
from tui.widgets.forms.inputs import FieldRow, text_field
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.text.styled_text import TextStyle, wrapped
from tui.widgets.text.text_widgets import TextBlock

MOST_ROWS: Final = 30
"""Parameters with a field of their own; more get their values from a file."""
FILE: Final = "parameter-file"
_MOST_BYTES: Final = 50_000_000
_LABEL: Final = 12
_COMBINED: Final = (("every combination", False), ("together (zip)", True))
_PAUSE: Final = 0.3
"""Seconds without a key after which a file is read."""


class ParameterRows(Vertical):
    """Values of the free parameters. Takes no room while the circuit has none.

    Attributes:
        parameters: names, in Qiskit's order.
    """

    DEFAULT_CSS: ClassVar[str] = """
    ParameterRows { height: auto; }
    ParameterRows > #parameter-fields { height: auto; }
    """

    class Changed(Message):
        """A value is another one, or a file was read."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.parameters: tuple[str, ...] = ()
        self._inputs: dict[str, Input] = {}
        self._made = 0
        self._table: Table = {}
        self._table_of = ""
        self._file_trouble = ""
        self._shots = 1

    def compose(self) -> ComposeResult:
        """Yield the fields, which follow the circuit, the file, how values are combined, and the size."""
        yield Vertical(id="parameter-fields")
        yield FieldRow("Values from", text_field(FILE, placeholder="CSV or JSON file"))
        yield FieldRow("Combine", SearchableSelect("", _COMBINED, False, id="combine"))
        yield TextBlock(id="sweep-size")

    def on_mount(self) -> None:
        """Take no room before a circuit is shown."""
        self.display = bool(self.parameters)

    def show_parameters(self, parameters: tuple[str, ...]) -> None:
        """Show a field for each parameter; what was typed for those of the same name stays.

        Args:
            parameters: names, in Qiskit's order.
        """
        self.display = bool(parameters)
        if parameters != self.parameters:
            before = self.typed()
            self.parameters = parameters
            # Fields of another circuit may still be there for a moment: no id comes twice.
            named = list(enumerate(parameters[:MOST_ROWS], self._made))
            self._made += len(named)
            self._inputs = {
                name: text_field(f"parameter-{number}", before.get(name, ""), "0.5, pi/2 or 0:2pi:20")
                for number, name in named
            }
            fields = self.query_one("#parameter-fields", Vertical)
            fields.remove_children()
            fields.mount_all(FieldRow(shorten(name, _LABEL), one) for name, one in self._inputs.items())
        self.show_size(self._shots)

    def typed(self) -> dict[str, str]:
        """Return what is typed for each parameter, without those left empty."""
        return {name: one.value for name, one in self._inputs.items() if one.value.strip()}

    def type_values(self, values: Mapping[str, str]) -> None:
        """Put values into the fields of parameters; the others are emptied."""
        for name, field in self._inputs.items():
            field.value = values.get(name, "")

    def field_of(self, parameter: str) -> str:
        """Return the id of the field in which a parameter's value is typed; that of the file for none."""
        field = self._inputs.get(parameter)
        return FILE if field is None else field.id or FILE

    def sweep(self) -> Sweep | None:
        """Return the values of all parameters.

        Returns:
            The sweep; `None` for a circuit without parameters.

        Raises:
            ParameterError: a value is missing or cannot be read, or the file is not read.
        """
        if not self.parameters:
            return None
        if self._file != self._table_of:
            raise ParameterError(f"{plain(self._file, limit=120)} is being read.")
        if self._file_trouble:
            raise ParameterError(self._file_trouble)
        zipped = self.query_one("#combine", SearchableSelect).selection is True
        table = {name: values for name, values in self._table.items() if name in self.parameters}
        if self._table and not table:
            raise ParameterError(f"{plain(self._file, limit=120)} names no parameter of this circuit.")
        return sweep_of(list(self.typed().items()), self.parameters, table=table, zipped=zipped)

    def show_size(self, shots: int) -> None:
        """Show the number of sets and of executions, beside the service's limit; else what is missing.

        Args:
            shots: of each set of values.
        """
        self._shots = shots
        if not self.parameters:
            return
        style = TextStyle.MUTED
        try:
            sweep = self.sweep()
            sets = sweep.sets if sweep is not None else 1
            words = sweep.words if sweep is not None else ""
            text = f"{words}, {sets * shots:,} of {MOST_EXECUTIONS:,} executions"
            check_executions([sets], shots)
        except ValueError as error:
            text, style = str(error), TextStyle.WARNING
        width = max(24, self.size.width - 1)
        self.query_one("#sweep-size", TextBlock).show(wrapped(text, width, style))

    def on_resize(self) -> None:
        """Wrap the size of the sweep to the new width."""
        self.show_size(self._shots)

    @property
    def _file(self) -> str:
        return self.query_one(f"#{FILE}", Input).value.strip()

    @on(Input.Changed, f"#{FILE}")
    def _file_typed(self) -> None:
        self.run_worker(self._read(self._file), group="parameter-file", exclusive=True, exit_on_error=False)

    async def _read(self, file: str) -> None:
        """Read the file when nothing more is typed; what is wrong with it is told where the size stands."""
        if file:
            await asyncio.sleep(_PAUSE)
        table: Table = {}
        trouble = ""
        try:
            table = await asyncio.to_thread(_table, file) if file else {}
        except OSError as error:
            trouble = f"Cannot read {plain(file, limit=120)}: {error.strerror or error}."
        except ValueError as error:
            trouble = str(error)
        self._table, self._table_of, self._file_trouble = table, file, trouble
        self.show_size(self._shots)
        self.post_message(self.Changed())

    @on(Input.Changed)
    @on(Select.Changed)
    def _value_changed(self) -> None:
        self.show_size(self._shots)


def _table(file: str) -> Table:
    body = read_file(Path(file).expanduser(), _MOST_BYTES, pipes=False)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParameterError(f"{plain(file, limit=120)} is not text in UTF-8.") from None
    return parse_table(text, name=file)
