"""The flags of `qdeck run` that ask the cloud transpiler for more than a level."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from tui.commands.output import UsageFault
from tui.domain.cloud_transpiler import (
    Ai,
    CloudOptions,
    Couplings,
    LayoutMode,
    parse_couplings,
    parse_preferences,
    parse_qiskit_option,
)


@dataclass(frozen=True, slots=True)
class CloudFlags:
    """What was typed; empty and `None`: not said.

    Attributes:
        ai: `auto`, `true` or `false`.
        ai_layout_mode: `keep`, `optimize` or `improve`.
        optimize_for: preferences with commas between.
        coupling_map: path of a file with a JSON array of pairs of qubits.
        transpile_option: arguments of `qiskit.transpile`, each as `KEY=JSON`.
    """

    ai: str | None = None
    ai_layout_mode: str | None = None
    fractional_gates: bool = False
    optimize_for: str = ""
    coupling_map: str = ""
    transpile_option: tuple[str, ...] = ()

    def options(self, *, cloud: bool) -> CloudOptions:
        """What they mean.

        Raises:
            UsageFault: they do not go together, cannot be read, or `cloud` is not asked for.
        """
        said = [f"--{field.name.replace('_', '-')}" for field in fields(self) if getattr(self, field.name)]
        if said and not cloud:
            raise UsageFault(f"{said[0]} is for transpiling on the service: add --cloud.")
        try:
            return CloudOptions(
                ai=Ai(self.ai) if self.ai else Ai.AUTO,
                layout_mode=LayoutMode(self.ai_layout_mode) if self.ai_layout_mode else LayoutMode.OPTIMIZE,
                preferences=parse_preferences(self.optimize_for),
                fractional_gates=self.fractional_gates,
                coupling_map=_couplings(self.coupling_map),
                qiskit_options=tuple(dict(map(parse_qiskit_option, self.transpile_option)).items()),
            )
        except ValueError as error:
            raise UsageFault(str(error)) from error


def _couplings(file: str) -> Couplings:
    if not file:
        return ()
    try:
        text = Path(file).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageFault(f"Cannot read {file}: {error.strerror or error}.") from error
    if not (pairs := parse_couplings(text)):
        raise UsageFault(f"{file} is empty: a JSON array of pairs of qubits was expected.")
    return pairs
