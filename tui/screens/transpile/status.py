"""The words of the transpile review: what is missing, what stands, what is wrong with a candidate."""

from __future__ import annotations

from collections.abc import Sequence

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.devices.backends import NONE_LISTED
from tui.domain.search import Unavailable
from tui.screens.workspace import Workspace
from tui.widgets.text.styled_text import StyledLine, TextStyle, line, wrapped

_MOST_FLAGS = 4
"""Broken parts that are named in a question."""


def missing(workspace: Workspace, *, signed_in: bool) -> list[StyledLine]:
    """Say what is needed before anything can be transpiled, with the key that helps.

    Returns:
        One line; none when nothing is missing.
    """
    if not workspace.qasm.strip():
        text = "There is no circuit yet. F3 goes to the editor; ^o there offers examples."
    elif not signed_in:
        text = "Not signed in: no backend to transpile for. F7 signs in."
    elif not workspace.backend:
        text = (
            f"The service has listed no backend yet. {NONE_LISTED} F6 shows the backends, F7 the instances."
        )
    else:
        return []
    return [line((text, TextStyle.WARNING))]


def invitation(workspace: Workspace, *, signed_in: bool) -> list[StyledLine]:
    """Say what may be done before there is a candidate, or what is needed for that.

    Returns:
        One line.
    """
    if lines := missing(workspace, signed_in=signed_in):
        return lines
    name = plain(workspace.name, limit=40)
    return [line(("F8 ", TextStyle.KEY), f"transpiles {name} for {plain(workspace.backend, limit=60)}.")]


def verdict(workspace: Workspace, searched: str = "", *, read_only: bool = False) -> tuple[StyledLine, ...]:
    """Say whether the candidate is of the circuit and the choices as they stand.

    Args:
        workspace: the circuit at hand, the choices and the candidate.
        searched: of the search that has brought it, how that went; empty: of none.
        read_only: nothing can be run.

    Returns:
        One line; none when there is no candidate.
    """
    candidate = workspace.candidate
    if candidate is None:
        return ()
    if workspace.candidate_source != workspace.qasm:
        return (
            line(("! The circuit changed in the editor since: F8 transpiles it anew.", TextStyle.WARNING)),
        )
    if not workspace.reviewed:
        return (
            line(("! Other choices than these made what is below: F8 transpiles anew.", TextStyle.WARNING)),
        )
    text = f"{plain(workspace.name, limit=40)} for {plain(candidate.backend, limit=60)}"
    options = candidate.options
    runs = "" if read_only else "  F9 runs it."
    if workspace.search and searched:
        return (line(("✔ ", TextStyle.GOOD), f"{searched}{runs}", (f"  {text}", TextStyle.MUTED)),)
    how = f", level {options.optimization_level}, {plain(candidate.where, limit=20)}"
    if options.cloud:
        how += f", AI {options.asked.ai.word}"
    return (line(("✔ ", TextStyle.GOOD), text, (f"{how}, {candidate.seconds:.2f} s", TextStyle.MUTED), runs),)


def error_lines(error: QdeckError, width: int) -> list[StyledLine]:
    """Describe an error.

    Returns:
        At most six lines of `width` cells.
    """
    return wrapped(f"✘ {plain(str(error), limit=2000)}", max(40, width), TextStyle.BAD)[:6]


def warning_lines(candidate: Candidate, width: int) -> list[StyledLine]:
    """List the warnings of a candidate.

    Returns:
        Lines of `width` cells; none when there is no warning.
    """
    return [
        row for text in candidate.warnings for row in wrapped(f"! {plain(text)}", width, TextStyle.WARNING)
    ]


def unavailable_lines(makers: Sequence[Unavailable], width: int) -> list[StyledLine]:
    """Say in full why other makers made no candidate, which the table has no room for."""
    return [
        row
        for one in makers
        for row in wrapped(f"none by {one.maker.word}: {plain(one.reason)}", width, TextStyle.MUTED)
    ]


def flag_reason(candidate: Candidate) -> str:
    """Say which broken parts of the device a candidate uses, as a reason to ask before it is run.

    Returns:
        A sentence; empty when nothing is broken.
    """
    if not candidate.flags:
        return ""
    named = ", ".join(plain(flag, limit=60) for flag in candidate.flags[:_MOST_FLAGS])
    more = len(candidate.flags) - _MOST_FLAGS
    rest = f" and {more} more" if more > 0 else ""
    return f"This circuit uses what is broken: {named}{rest}. Its results will be worthless in part."
