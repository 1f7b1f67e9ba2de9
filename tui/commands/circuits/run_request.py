"""What `qdeck run` is asked: its command line, the programs, and the values of their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from tui.commands.shared.output import UsageFault
from tui.commands.shared.selection import ServiceChoice
from tui.common.bounded_read import read_file, read_stdin
from tui.common.errors import QdeckError
from tui.domain.cloud_transpiler import (
    Ai,
    CloudOptions,
    Couplings,
    LayoutMode,
    parse_couplings,
    parse_preferences,
    parse_qiskit_option,
)
from tui.domain.jobs import LogLevel, Primitive
from tui.domain.presets import Preset
from tui.domain.primitives import JobProgram, PrimitiveOptions
from tui.domain.pubs.inputs import MOST_PUBS
from tui.domain.pubs.observables import Observable, parse_observables
from tui.domain.pubs.sweep_text import Table, parse_assignment, parse_table, read_columns, sweep_of
from tui.domain.pubs.sweeps import Sweep
from tui.domain.submissions import check_tags

STDIN = "-"
MOST_BYTES = 50_000_000
"""The largest program that is read: services take no larger requests."""


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
        """Combine the flags into the options of the cloud transpiler.

        Returns:
            The options; all defaults where no flag was given.

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


CLOUD_FLAGS = tuple(flag.name for flag in fields(CloudFlags))


def _couplings(file: str) -> Couplings:
    if not file:
        return ()
    try:
        text = read_file(Path(file), MOST_BYTES, pipes=True).decode("utf-8-sig")
    except OSError as error:
        raise UsageFault(f"Cannot read {file}: {_reason(error)}.") from error
    if not (pairs := parse_couplings(text)):
        raise UsageFault(f"{file} is empty: a JSON array of pairs of qubits was expected.")
    return pairs


@dataclass(frozen=True, slots=True)
class ParameterFlags:
    """What was typed of the values of parameters; empty: not said.

    Attributes:
        params: each `NAME=VALUES`.
        params_file: path of a CSV or JSON file.
        zipped: parameters with several values change together.
    """

    params: tuple[str, ...] = ()
    params_file: str = ""
    zipped: bool = False

    def read(self) -> GivenValues:
        """Read all values, whatever circuit they are for.

        Raises:
            UsageFault: a file or a value cannot be read, or a parameter is given twice.
        """
        table: Table = {}
        try:
            texts = tuple(map(parse_assignment, self.params))
            if self.params_file:
                body = read_file(Path(self.params_file), MOST_BYTES, pipes=True)
                table = parse_table(body.decode("utf-8-sig"), name=self.params_file)
            read_columns(texts, table)
        except OSError as error:
            raise UsageFault(f"Cannot read {self.params_file}: {_reason(error)}.") from error
        except UnicodeDecodeError as error:
            raise UsageFault(f"{self.params_file} is not text in UTF-8.") from error
        except ValueError as error:
            raise UsageFault(str(error)) from error
        return GivenValues(texts, table, self.zipped)


PARAMETER_FLAGS = tuple(flag.name for flag in fields(ParameterFlags))


@dataclass(frozen=True, slots=True)
class GivenValues:
    """Values of parameters for one circuit or several.

    Attributes:
        texts: parameters and their values, as typed.
        table: values from a file.
        zipped: parameters with several values change together.
    """

    texts: tuple[tuple[str, str], ...] = ()
    table: Table = field(default_factory=dict)
    zipped: bool = False

    def sweeps(self, circuits: Sequence[tuple[str, Sequence[str]]]) -> list[Sweep | None]:
        """Return the values for each circuit, which takes those of its own parameters.

        Args:
            circuits: name and free parameters of each.

        Raises:
            UsageFault: a parameter of a circuit has no value, or a value is for none of the circuits.
        """
        used = {name for _, parameters in circuits for name in parameters}
        unused = [name for name in (*self.table, *dict(self.texts)) if name not in used]
        found: list[Sweep | None] = []
        for name, parameters in circuits:
            # What no circuit has is refused with the first one.
            mine = {*parameters, *unused}
            texts = [pair for pair in self.texts if pair[0] in mine]
            table = {key: values for key, values in self.table.items() if key in mine}
            try:
                found.append(sweep_of(texts, parameters, table=table, zipped=self.zipped))
            except ValueError as error:
                raise UsageFault(f"{name}: {error}" if len(circuits) > 1 else str(error)) from error
        return found


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line of `qdeck run` says. Empty and `None` mean: not said.

    Attributes:
        files: paths of files with circuits, `-` for stdin.
        observables: sums of Pauli strings over the circuit's own qubits, leftmost letter = highest qubit.
        cloud: transpile on the service instead of here.
        flags: what the service's transpiler is asked besides the level.
        max_seconds: QPU seconds after which the service ends the job.
        private: the service tells nobody the inputs, and the result once.
        program: a quantum program or the service's own primitive.
        options: error suppression and mitigation.
        values: of the free parameters.
        batch: each circuit is a job of its own, in a batch; else all are PUBs of one job.
        copies: how often each circuit is run.
        seed: of the transpiler.
        no_wait: end when the jobs are created.
        dry_run: ask the service what the run would take, and do not run it.
        yes: submit it although it takes more than the instance has left, or uses what is broken.
        preset: name of options in the settings; empty: none.
        best: search for the best candidate, on the backend given or on all that are online.
        budget: seconds of a search; `None`: as the settings say.
        dask: address of the Dask scheduler whose workers search; empty: as the settings say.
    """

    files: tuple[str, ...]
    service: ServiceChoice = field(default_factory=ServiceChoice)
    backend: str = ""
    level: int | None = None
    primitive: Primitive | None = None
    shots: int | None = None
    observables: tuple[str, ...] = ()
    precision: float | None = None
    session_id: str = ""
    tags: tuple[str, ...] = ()
    cloud: bool = False
    flags: CloudFlags = field(default_factory=CloudFlags)
    max_seconds: int | None = None
    private: bool = False
    log_level: LogLevel | None = None
    program: JobProgram | None = None
    options: PrimitiveOptions = field(default_factory=PrimitiveOptions)
    as_json: bool = False
    values: ParameterFlags = field(default_factory=ParameterFlags)
    batch: bool = False
    copies: int = 1
    seed: int | None = None
    no_wait: bool = False
    dry_run: bool = False
    yes: bool = False
    preset: str = ""

    def with_preset(self, presets: Mapping[str, Preset]) -> RunRequest:
        """Return the request with the options of its preset where the command line says nothing.

        Options of the other primitive are left out of it, so that one preset may serve both.

        Args:
            presets: those of the settings, by name.

        Raises:
            UsageFault: there is no such preset.
        """
        if not self.preset:
            return self
        preset = presets.get(self.preset)
        if preset is None:
            names = ", ".join(sorted(presets))
            there = f"There are: {names}." if names else "settings.toml has none."
            raise UsageFault(f"There is no preset {self.preset!r}. {there}")
        primitive = self.primitive or preset.primitive
        estimator = primitive is Primitive.ESTIMATOR
        mine, other = self.options, preset.options
        chosen = PrimitiveOptions(
            twirl_gates=other.twirl_gates if mine.twirl_gates is None else mine.twirl_gates,
            twirl_measures=other.twirl_measures if mine.twirl_measures is None else mine.twirl_measures,
            decoupling=mine.decoupling or other.decoupling,
            resilience=other.resilience if estimator and mine.resilience is None else mine.resilience,
        )
        return replace(
            self,
            primitive=primitive,
            shots=preset.shots if self.shots is None and not estimator else self.shots,
            precision=preset.precision if self.precision is None and estimator else self.precision,
            level=preset.level if self.level is None else self.level,
            tags=self.tags or preset.tags,
            max_seconds=preset.max_seconds if self.max_seconds is None else self.max_seconds,
            private=self.private or preset.private,
            options=chosen,
        )

    def in_batch_job(self, backend: str, session_id: str) -> RunRequest:
        """Return the request with what a batch system gave where the command line says nothing.

        Args:
            backend: the QPU; empty: none was given.
            session_id: the session on it; not used for what opens a batch of its own, or runs nothing.
        """
        used = "" if self.batch or self.dry_run else session_id
        return replace(self, backend=self.backend or backend, session_id=self.session_id or used)

    best: bool = False
    budget: float | None = None
    dask: str = ""

    @property
    def sums(self) -> tuple[Observable, ...]:
        """The observables.

        Raises:
            UsageFault: one cannot be read.
        """
        try:
            return tuple(one for text in self.observables for one in parse_observables(text))
        except ValueError as error:
            raise UsageFault(f"--observable: {error}") from error

    def verify(self) -> None:
        """Refuse what cannot be meant, before anything is started.

        Raises:
            UsageFault: options that do not go together, or that the service would refuse.
        """
        if self.primitive is Primitive.ESTIMATOR:
            if not self.observables:
                raise UsageFault("The estimator needs an --observable: one Pauli letter a qubit, e.g. ZZ.")
            if not self.sums:
                raise UsageFault("--observable: one is missing.")
            if self.shots is not None:
                raise UsageFault("--shots is for the sampler; the estimator takes --precision.")
        elif self.observables or self.precision is not None:
            raise UsageFault("--observable and --precision are for --primitive estimator.")
        elif self.options.resilience is not None:
            raise UsageFault("--resilience is for --primitive estimator.")
        if self.program is JobProgram.LEGACY and self.options != PrimitiveOptions():
            raise UsageFault("--twirl, --decoupling and --resilience are not for --program legacy.")
        if self.dry_run and self.program is JobProgram.LEGACY:
            raise UsageFault("--dry-run is not for --program legacy.")
        if self.dry_run and self.batch:
            raise UsageFault("--dry-run is for one job: leave --batch out.")
        if self.best and (self.cloud or self.seed is not None):
            raise UsageFault("--best tries many seeds here: leave --cloud and --seed out.")
        if self.budget is not None and not self.best:
            raise UsageFault("--budget is for the search: add --best.")
        if self.dask and not self.best:
            raise UsageFault("--dask is for the search: add --best.")
        if self.files.count(STDIN) > 1:
            raise UsageFault("stdin (-) can be read once.")
        self.verify_number(len(self.files))
        if self.batch and self.session_id:
            raise UsageFault("--batch opens a batch of its own: leave --session out.")
        try:
            check_tags(self.tags, room_for_own=True)
        except QdeckError as error:
            raise UsageFault(str(error)) from error

    def verify_number(self, circuits: int) -> None:
        """Refuse more circuits than a job may have.

        Args:
            circuits: how many there are in the files.

        Raises:
            UsageFault: with their copies there are too many.
        """
        if circuits * self.copies > MOST_PUBS:
            raise UsageFault(f"{circuits * self.copies:,} circuits are too many: at most {MOST_PUBS:,}.")


def name_of(file: str) -> str:
    """Return how a file is named in messages."""
    return "stdin" if file == STDIN else file


def read_circuit(file: str) -> str:
    """Read the program from a file, or from stdin for `-`.

    Returns:
        The text, never blank.

    Raises:
        UsageFault: it cannot be read, is blank, or is not UTF-8 text.
    """
    return text_of(file, read_body(file))


def read_body(file: str) -> bytes:
    """Read a file, or stdin for `-`.

    Raises:
        UsageFault: it cannot be read.
    """
    try:
        return read_stdin(MOST_BYTES) if file == STDIN else read_file(Path(file), MOST_BYTES, pipes=True)
    except (OSError, ValueError) as error:
        raise UsageFault(f"Cannot read {name_of(file)}: {_reason(error)}.") from error


def text_of(file: str, body: bytes) -> str:
    """Return the text of a program's file.

    Raises:
        UsageFault: it is blank, or not UTF-8 text.
    """
    name = name_of(file)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{name} is not text in UTF-8: byte {error.start} cannot be read.") from error
    if not text.strip():
        raise UsageFault(f"{name} is empty: an OpenQASM program was expected.")
    return text


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
