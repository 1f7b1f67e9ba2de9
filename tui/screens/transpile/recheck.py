"""The question before a submit whose device was calibrated since the review: redo it with better qubits."""

from __future__ import annotations

from enum import StrEnum

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.devices.calibration_changes import count_changes
from tui.monitor.actions.recalibration import Recalibration
from tui.screens.dialogs.confirm import Choose
from tui.screens.transpile.status import flag_reason
from tui.widgets.text.format import NOTHING, format_datetime, success_percent

_MOST_QUBITS = 12
"""Qubits that are named in the question."""


class Redo(StrEnum):
    """What becomes of the submission."""

    CANCEL = "cancel"
    REDO = "redo"
    AS_REVIEWED = "as-reviewed"


class RedoQuestion(Choose):
    """Take what was made anew, run the circuit as it was reviewed, or do nothing.

    Args:
        compared: the circuit by both calibrations, and what was made anew.
    """

    TITLE = "Better qubits"

    def __init__(self, compared: Recalibration) -> None:
        super().__init__(
            "Better qubits today: redo?",
            redo_lines(compared),
            {Redo.CANCEL: "Cancel", Redo.REDO: "Take the new one", Redo.AS_REVIEWED: "Run as reviewed"},
        )


def redo_lines(compared: Recalibration) -> list[str]:
    """Say with figures what the later calibration means.

    Returns:
        Sentences.
    """
    reviewed, now, best = compared.reviewed, compared.now, compared.redone[0]
    backend = plain(now.backend, limit=40)
    lines = [f"{backend} was calibrated at {format_datetime(now.calibrated)}, after this review."]
    if compared.changes:
        lines.append(f"Of what the circuit uses: {count_changes(compared.changes)}.")
    before = success_percent(reviewed.estimated_success)
    lines.append(f"As reviewed: estimated success {_success(now)}, at its review {before}.")
    if broken := flag_reason(now):
        lines.append(broken)
    used = ", ".join(str(qubit) for qubit in best.used[:_MOST_QUBITS])
    more = f" and {len(best.used) - _MOST_QUBITS} more" if len(best.used) > _MOST_QUBITS else ""
    lines.append(f"Made anew: {_success(best)}, on qubits {used}{more}.")
    return lines


def _success(candidate: Candidate) -> str:
    """Return the success, and that with the decay of waiting qubits where it is known."""
    idle = success_percent(candidate.estimated_success_idle)
    waiting = "" if idle == NOTHING else f" ({idle} with waiting)"
    return success_percent(candidate.estimated_success) + waiting
