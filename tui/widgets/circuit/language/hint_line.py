"""The line that says, when typing pauses, what is offered and which argument is due."""

from __future__ import annotations

from collections.abc import Sequence

from tui.common.safe_text import plain
from tui.openqasm.completion import ArgumentHint, Completion
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, fit_line, line


def hint_line(offered: Sequence[Completion], due: ArgumentHint | None, width: int) -> StyledLine:
    """Return the line.

    Args:
        offered: completions, the best first; they go before the argument.
        due: the argument that is due.
        width: cells of the line.
    """
    if offered:
        best, *others = offered
        also = ", ".join(plain(one.word, limit=30) for one in others)
        return fit_line(
            line(
                ("tab ", TextStyle.KEY),
                (plain(best.label, limit=80), TextStyle.STRONG),
                f"  {plain(best.told, limit=120)}",
                (f"  also {also}" if also else "", TextStyle.MUTED),
            ),
            width,
        )
    if due is None:
        return BLANK
    return fit_line(
        line(
            (plain(due.before, limit=120), TextStyle.MUTED),
            (plain(due.due, limit=60), TextStyle.STRONG),
            (plain(due.after, limit=120), TextStyle.MUTED),
            f"  {due.told}",
        ),
        width,
    )
