"""Values of the submit form: kept for the circuit that they were meant for, or filled from a preset."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

from textual.widget import Widget
from textual.widgets import Input, Select

from tui.domain.presets import Preset
from tui.domain.primitives import PrimitiveOptions
from tui.widgets.forms.parameter_rows import FILE, ParameterRows

_KEPT: Final = (
    *("primitive", "shots", "observables", "precision", "resilience", "twirling", "decoupling"),
    *("copies", "tags", "max-seconds", "private", "combine", FILE),
)
"""Ids of the fields that belong to a circuit; session and name are the workspace's."""


TWIRLING: Final[Mapping[str, tuple[bool | None, bool | None]]] = {
    "default": (None, None),
    "off": (False, False),
    "gates": (True, False),
    "measurements": (False, True),
    "both": (True, True),
}
"""Choices of the field, each with whether gates and measurements are twirled."""


@dataclass(frozen=True, slots=True)
class FormValues:
    """Values of the fields.

    Attributes:
        fields: by id.
        parameters: texts by parameter.
    """

    fields: Mapping[str, Hashable] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_values(form: Widget) -> FormValues:
    """Return what the fields of a form hold."""
    held: dict[str, Hashable] = {}
    for id in _KEPT:
        widget = form.query_one(f"#{id}")
        if isinstance(widget, Input | Select):
            held[id] = widget.value
    return FormValues(held, form.query_one(ParameterRows).typed())


def write_values(form: Widget, values: FormValues) -> None:
    """Put values into the fields of a form; parameters without one are emptied, other fields stay."""
    _write(form, values.fields)
    form.query_one(ParameterRows).type_values(values.parameters)


def apply_preset(form: Widget, preset: Preset) -> None:
    """Put the options of a preset into the fields; what it does not say stays as it is."""
    twirled = frozenset(preset.twirl)
    fields: dict[str, Hashable] = {
        "primitive": preset.primitive,
        "shots": None if preset.shots is None else str(preset.shots),
        "precision": None if preset.precision is None else str(preset.precision),
        "resilience": None if preset.resilience is None else str(preset.resilience),
        "twirling": "both" if len(twirled) > 1 else next(iter(twirled), None),
        "decoupling": preset.decoupling.value or None,
        "tags": ", ".join(preset.tags) or None,
        "max-seconds": None if preset.max_seconds is None else str(preset.max_seconds),
        "private": preset.private or None,
    }
    _write(form, {id: value for id, value in fields.items() if value is not None})


def fields_of_options(options: PrimitiveOptions) -> Mapping[str, Hashable]:
    """Return the values of the fields that say error suppression and mitigation, by id."""
    switches = options.twirl_gates, options.twirl_measures
    twirling = next((name for name, both in TWIRLING.items() if both == switches), None)
    if twirling is None:
        # One of them is left to the client: what is on counts.
        twirling = next(name for name, both in TWIRLING.items() if both == tuple(map(bool, switches)))
    return {
        "resilience": "" if options.resilience is None else str(options.resilience),
        "twirling": twirling,
        "decoupling": options.decoupling.value,
    }


def _write(form: Widget, fields: Mapping[str, Hashable]) -> None:
    for id, value in fields.items():
        widget = form.query_one(f"#{id}")
        if isinstance(widget, Input):
            widget.value = str(value)
        elif isinstance(widget, Select):
            widget.value = value
