"""Presets: options of a run under a name, as the settings hold them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tui.common.errors import QdeckError
from tui.domain.jobs import Primitive
from tui.domain.primitives import Decoupling, PrimitiveOptions
from tui.domain.submissions import MAX_SECONDS, check_tags

MOST_PRESETS = 100


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a run; what is `None` or empty stays as it would be without the preset.

    Attributes:
        primitive: sampler or estimator.
        shots: of the sampler.
        precision: of the estimator.
        level: optimization level of the transpiler, 0 to 3.
        twirl: what is twirled, of `gates` and `measurements`.
        decoupling: pulses on qubits that wait.
        resilience: level of the estimator's error mitigation, 0 to 2.
        tags: of the job.
        max_seconds: QPU seconds after which the service ends the job.
        private: the service tells nobody the inputs, and the result once.
    """

    primitive: Primitive | None = None
    shots: int | None = None
    precision: float | None = None
    level: int | None = None
    twirl: tuple[str, ...] = ()
    decoupling: Decoupling = Decoupling.NONE
    resilience: int | None = None
    tags: tuple[str, ...] = ()
    max_seconds: int | None = None
    private: bool = False

    def __post_init__(self) -> None:
        for wrong, words in (
            (self.shots is not None and self.shots < 1, "shots must be at least 1"),
            (self.precision is not None and not 0 < self.precision < 1, "precision must be between 0 and 1"),
            (self.level is not None and self.level not in range(4), "level must be 0 to 3"),
            (bool(set(self.twirl) - {"gates", "measurements"}), "twirl holds gates or measurements"),
            (self.resilience is not None and self.resilience not in range(3), "resilience must be 0 to 2"),
            (
                self.max_seconds is not None and not 1 <= self.max_seconds <= MAX_SECONDS,
                f"max_seconds must be 1 to {MAX_SECONDS}",
            ),
        ):
            if wrong:
                raise ValueError(words)
        try:
            check_tags(self.tags, room_for_own=True)
        except QdeckError as error:
            raise ValueError(str(error)) from error

    @property
    def options(self) -> PrimitiveOptions:
        """Error suppression and mitigation."""
        return PrimitiveOptions(
            twirl_gates="gates" in self.twirl or None,
            twirl_measures="measurements" in self.twirl or None,
            decoupling=self.decoupling,
            resilience=self.resilience,
        )


def read_presets(tables: object) -> Mapping[str, Preset]:
    """Return the presets of a table of tables, as TOML has it.

    Raises:
        ValueError: naming the preset and what is wrong with it.
    """
    if not isinstance(tables, dict) or len(tables) > MOST_PRESETS:
        raise ValueError(f"presets must be at most {MOST_PRESETS} tables, such as [presets.quick]")
    found: dict[str, Preset] = {}
    for name, table in tables.items():
        try:
            found[name] = msgspec.convert(table, Preset)
        except (msgspec.ValidationError, ValueError) as error:
            raise ValueError(f"presets.{name}: {error}") from error
    return found
