"""What to think of before qdeck is left: what would burn on, and what would be lost."""

from __future__ import annotations

from tui.domain.sessions import SessionState
from tui.domain.text import shorten
from tui.monitor.deck import Deck
from tui.screens.bench import Bench

_SPENDS_NOTHING_NEW = {SessionState.CLOSED, SessionState.DRAINING, SessionState.UNKNOWN}


def reasons_to_stay(deck: Deck, bench: Bench) -> list[str]:
    """A sentence for each: open sessions, and changes that are in no file; empty when nothing is."""
    burning = [session for session in deck.sessions() if session.state not in _SPENDS_NOTHING_NEW]
    reasons: list[str] = []
    if burning and deck.identity is not None:
        which = ", ".join(f"{session.mode} on {shorten(session.backend, 30)}" for session in burning[:3])
        many = "1 session is" if len(burning) == 1 else f"{len(burning)} sessions are"
        ends = "" if deck.read_only else " F5 drains or closes it."
        reasons.append(f"{many} open ({which}) and may use QPU time until it ends.{ends}")
    if bench.dirty and bench.qasm.strip():
        reasons.append(f"{shorten(bench.name, 40)} has changes that are in no file. F3, then ^s saves.")
    return reasons
