from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tui.domain.sessions import Session, SessionMode, SessionState

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTIVATED = CREATED + timedelta(minutes=5)
SESSION = Session(
    "s",
    "platform",
    "ibm_fez",
    SessionMode.DEDICATED,
    SessionState.ACTIVE,
    created=CREATED,
    activated=ACTIVATED,
    max_ttl=28_800.0,
    interactive_ttl=60.0,
)


@pytest.mark.parametrize(
    ("state", "takes"),
    [
        (SessionState.OPEN, True),
        (SessionState.ACTIVE, True),
        (SessionState.INACTIVE, True),
        (SessionState.UNKNOWN, True),
        (SessionState.DRAINING, False),
        (SessionState.CLOSED, False),
    ],
)
def test_session_takes_jobs_until_it_drains_or_closes(state: SessionState, takes: bool) -> None:
    assert replace(SESSION, state=state).takes_jobs is takes


def test_session_that_accepts_none_or_was_closed_takes_no_jobs() -> None:
    assert not replace(SESSION, accepting_jobs=False).takes_jobs
    assert not replace(SESSION, closed=ACTIVATED).takes_jobs


def test_session_ends_its_maximum_time_after_its_activation_or_creation() -> None:
    assert SESSION.ends() == ACTIVATED + timedelta(hours=8)
    assert replace(SESSION, activated=None).ends() == CREATED + timedelta(hours=8)


@pytest.mark.parametrize(
    "changes",
    [
        {"activated": None, "created": None},
        {"max_ttl": None},
        {"state": SessionState.CLOSED},
        {"max_ttl": 1e300},
    ],
)
def test_session_without_a_known_end_has_none(changes: dict[str, object]) -> None:
    assert replace(SESSION, **changes).ends() is None  # type: ignore[arg-type]  # fields of several types


def test_idle_session_loses_its_place_after_the_interactive_time() -> None:
    assert SESSION.loses_place(ACTIVATED) == ACTIVATED + timedelta(seconds=60)
    assert SESSION.loses_place(None) is None
    assert replace(SESSION, interactive_ttl=None).loses_place(ACTIVATED) is None
    assert replace(SESSION, state=SessionState.INACTIVE).loses_place(ACTIVATED) is None
