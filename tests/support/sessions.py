"""Sessions as values, one of each kind that screens show differently."""

from __future__ import annotations

from tests.support.fixed_values import ago
from tui.domain.sessions import Session, SessionMode, SessionState

BATCH = Session(
    "b0a7c1d2-0000-batch",
    "sandbox platform",
    "ibm_peekskill",
    SessionMode.BATCH,
    SessionState.ACTIVE,
    created=ago(minutes=12),
    activated=ago(minutes=11),
    max_ttl=28800,
    interactive_ttl=60,
    usage_seconds=2.1,
)
DRAINING = Session(
    "5e55104a-0000-dedicated",
    "sandbox platform",
    "ibm_cusco",
    SessionMode.DEDICATED,
    SessionState.DRAINING,
    created=ago(hours=1),
    activated=ago(hours=1),
    max_ttl=7200,
    accepting_jobs=False,
    usage_seconds=181.5,
)
CLOSED = Session(
    "[red]\x1b[31m-closed",
    "sandbox platform",
    "ibm_peekskill",
    SessionMode.BATCH,
    SessionState.CLOSED,
    created=ago(days=1),
    max_ttl=28800,
    accepting_jobs=False,
    usage_seconds=12.0,
)
SESSIONS = (BATCH, DRAINING, CLOSED)
