"""Numbers, times and states as short text: ages, durations, QPU seconds, jobs and sessions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.common.safe_text import plain, shorten
from tui.domain.accounts import Usage
from tui.domain.jobs import Job, JobStatus
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.widgets.text.styled_text import Span, TextStyle

if TYPE_CHECKING:  # it brings the HTTP client and the store along
    from tui.monitor.services import AppServices

NOTHING = "–"
"""Shown where a value is not known."""

_STATES: Mapping[JobStatus | SessionState, tuple[str, TextStyle]] = {
    JobStatus.DONE: ("✔", TextStyle.GOOD),
    JobStatus.RUNNING: ("▶", TextStyle.BUSY),
    JobStatus.QUEUED: ("◔", TextStyle.WAITING),
    JobStatus.FAILED: ("✘", TextStyle.BAD),
    JobStatus.CANCELLED: ("⊘", TextStyle.MUTED),
    JobStatus.UNKNOWN: ("?", TextStyle.WARNING),
    SessionState.OPEN: ("○", TextStyle.WAITING),
    SessionState.ACTIVE: ("●", TextStyle.BUSY),
    SessionState.INACTIVE: ("◌", TextStyle.MUTED),
    SessionState.DRAINING: ("◐", TextStyle.WARNING),
    SessionState.CLOSED: ("✔", TextStyle.MUTED),
    SessionState.UNKNOWN: ("?", TextStyle.WARNING),
}


def status_span(job: Job) -> Span:
    """Return symbol and word of a job's status.

    Returns:
        `✔ done`; for an unknown status the service's own word, sanitized.
    """
    return _state_span(job.status, job.status_text)


def step_span(status: JobStatus) -> Span:
    """Return symbol and word of a status."""
    return _state_span(status)


def state_span(session: Session) -> Span:
    """Return symbol and word of a session's state.

    Returns:
        `● active`; for an unknown state the service's own word, sanitized.
    """
    return _state_span(session.state, session.state_text)


def _state_span(state: JobStatus | SessionState, service_word: str = "") -> Span:
    symbol, style = _STATES[state]
    unknown = state in {JobStatus.UNKNOWN, SessionState.UNKNOWN}
    return Span(f"{symbol} {plain(service_word, limit=40) if unknown and service_word else state}", style)


def age(then: datetime | None, now: datetime) -> str:
    """Return the time since `then`, coarsely so that it changes seldom.

    Returns:
        `now` (below 10 s), `20s`, `5m`, `3h` or `2d`; `–` for `None`.
    """
    if then is None:
        return NOTHING
    seconds = (now - then).total_seconds()
    if seconds < 10:
        return "now"
    if seconds < 60:
        return f"{int(seconds // 10) * 10}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}m"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)}h"
    return f"{int(seconds // 86400)}d"


def freshness_age(confirmed: datetime, now: datetime) -> str:
    """Return the age of the data shown, in steps that change seldom.

    Returns:
        `live` (below 20 s), `30s ago`, `1m ago`, `5m ago` or `2h ago`.
    """
    seconds = (now - confirmed).total_seconds()
    for limit, step, unit in ((20, 0, ""), (60, 10, "s"), (600, 60, "m"), (3600, 300, "m")):
        if seconds < limit:
            if not step:
                return "live"
            rounded = int(seconds // step) * step
            return f"{rounded}s ago" if unit == "s" else f"{rounded // 60}m ago"
    return f"{int(seconds // 3600)}h ago"


def duration(seconds: float | None) -> str:
    """Return a length of time with one or two units.

    Args:
        seconds: the length; `None` when not known.

    Returns:
        `0.4 s`, `12 s`, `9m 12s`, `3h 05m` or `2d 4h`; `–` for `None`, NaN and infinity.
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s" if whole % 60 else f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def number(value: float | None, digits: int = 1) -> str:
    """Return a number with a fixed number of digits after the point.

    Returns:
        The number; `–` for `None`.
    """
    return NOTHING if value is None else f"{value:.{digits}f}"


def format_count(count: int, thing: str) -> str:
    """Return a count with its noun: `1 job`, `12 jobs`, `100,000 jobs`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def finished_message(jobs: Sequence[Job]) -> str:
    """Return a sentence that says that jobs became final.

    Args:
        jobs: at least one; the first is named.
    """
    name = shorten(jobs[0].name or jobs[0].id, 40)
    if len(jobs) == 1:
        return f"{name} is {jobs[0].status} ({shorten(jobs[0].backend, 40)})."
    return f"{len(jobs)} jobs finished, among them {name}."


def percent(share: float) -> str:
    """Return a share in percent.

    Args:
        share: from 0 to 1.

    Returns:
        `49.6 %`; `<0.1 %` for one that rounds to nothing.
    """
    return "<0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def success_percent(probability: float | None) -> str:
    """Return an estimated probability of success in percent.

    Args:
        probability: from 0 to 1; `None` when not known.

    Returns:
        `87.3 %`, `< 0.1 %`, or `–` for `None`.
    """
    if probability is None:
        return NOTHING
    return "< 0.1 %" if 0 < probability < 0.001 else f"{probability * 100:.1f} %"


def shot_duration(microseconds: float | None) -> str:
    """Return the duration of one shot with its unit.

    Returns:
        `820 ns`, `12.4 µs` or `1.2 ms`; `–` for `None`.
    """
    if microseconds is None:
        return NOTHING
    if microseconds < 1:
        return f"{microseconds * 1000:.0f} ns"
    return f"{microseconds:.1f} µs" if microseconds < 1000 else f"{microseconds / 1000:.1f} ms"


def percent_error(value: float | None) -> str:
    """Return an error probability in percent with two significant digits.

    Args:
        value: from 0 to 1; `None` when not known.

    Returns:
        `0.83` without the sign, `–` for `None`.
    """
    if value is None:
        return NOTHING
    percent = value * 100
    return f"{percent:.3f}" if percent < 0.1 else f"{percent:.2f}"


def format_usage(usage: Usage | None) -> str:
    """Return the QPU time that the instance has left.

    Returns:
        `9m 12s of 10m QPU left`, `48 s QPU used` or `QPU limit reached`; empty when nothing is known.
    """
    if usage is None:
        return ""
    if usage.limit_reached:
        return "QPU limit reached"
    remaining = usage.remaining_seconds
    if remaining is not None and usage.limit_seconds is not None:
        left = "0 s" if remaining == 0 else duration(remaining)
        return f"{left} of {duration(usage.limit_seconds)} QPU left"
    if usage.consumed_seconds is not None:
        return f"{duration(usage.consumed_seconds)} QPU used"
    return ""


def format_token_life(expires: datetime | None, now: datetime) -> str:
    """Return the time until the access token expires.

    Returns:
        `token 52m`, `token <1m` or `token over`; empty when the service does not say.
    """
    if expires is None:
        return ""
    left = expires - now
    if left <= timedelta(0):
        return "token over"
    minutes = int(left.total_seconds() // 60)
    if minutes < 1:
        return "token <1m"
    if minutes < 120:
        return f"token {minutes}m"
    hours = minutes // 60
    return f"token {hours}h" if hours < 48 else f"token {hours // 24}d"


def format_datetime(moment: datetime | None) -> str:
    """Return a moment as local date and time.

    Returns:
        `2026-03-14 15:09:26`; `–` for `None`.
    """
    return NOTHING if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def format_minute(moment: datetime) -> str:
    """Return a moment of today as local hours and minutes."""
    return moment.astimezone().strftime("%H:%M")


def short_id(identifier: str, width: int = 10) -> str:
    """Return an id cut for a column.

    Args:
        identifier: any id, untrusted.
        width: characters at most; a longer one ends in `…`.
    """
    shown = plain(identifier, limit=200)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def time_left(session: Session, now: datetime) -> str:
    """Return the time until a session ends, coarsely so that it changes seldom.

    Returns:
        `5h`, `1h 20m`, `40m`, `<5m` or `over`; `–` when it has no end.
    """
    end = session.ends()
    if end is None:
        return NOTHING
    minutes = (end - now).total_seconds() / 60
    if minutes <= 0:
        return "over"
    if minutes < 5:
        return "<5m"
    if minutes < 57.5:
        return f"{round(minutes / 5) * 5}m"
    tens = round(minutes / 10)
    return f"{tens // 6}h {tens % 6 * 10:02d}m" if tens < 24 else f"{round(minutes / 60)}h"


def idle_time(since: datetime | None, now: datetime) -> str:
    """Return the time since the last job of a session, coarsely.

    Args:
        since: when the last job ended; `None` while there is one, or when not known.
        now: the time.

    Returns:
        `<1m`, `4m`, `25m` or `3h`; `–` for `None`.
    """
    if since is None:
        return NOTHING
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 1:
        return "<1m"
    if minutes < 10:
        return f"{minutes}m"
    return f"{minutes // 5 * 5}m" if minutes < 60 else f"{minutes // 60}h"


def place_kept_for(session: Session, idle_since: datetime | None, now: datetime) -> str:
    """Return the time for which a session stays active without a job.

    Returns:
        `<1m` or `4m`; empty when not known or over.
    """
    end = session.loses_place(idle_since)
    if end is None or end <= now:
        return ""
    minutes = int((end - now).total_seconds() // 60)
    return f"{minutes}m" if minutes else "<1m"


def open_sessions(services: AppServices) -> list[Session]:
    """Return the sessions of the signed-in account that take jobs, and so may cost.

    Returns:
        The newest first, without that of a batch job, which is not ours to close; empty when nobody is
        signed in.
    """
    return (
        [one for one in services.sessions.all() if one.takes_jobs and not services.sessions.allotted(one.id)]
        if services.connection.identity is not None
        else []
    )


def open_sessions_labels(sessions: Sequence[Session], now: datetime) -> tuple[str, str, str]:
    """Return the number of open sessions with the time until the last of them ends.

    Args:
        sessions: those that take jobs.
        now: the time.

    Returns:
        The label in three lengths, the longest first; three empty texts for no session.
    """
    if not sessions:
        return "", "", ""
    ends = [end for session in sessions if (end := session.ends()) is not None]
    last = max(sessions, key=lambda session: session.ends() or now)
    left = time_left(last, now) if ends and max(ends) > now else ""
    many = format_count(len(sessions), "session")
    return (
        f"{many} {left} left" if left else many,
        f"{many} {left}".rstrip(),
        f"{len(sessions)} {left}".rstrip(),
    )


def charge_note(session: Session) -> str:
    """Return a sentence on what an open session costs while nothing runs in it."""
    if session.mode is SessionMode.BATCH:
        return "Only the QPU time of its jobs is charged."
    if session.state is SessionState.OPEN:
        return "Charged from its first job on, used or not."
    if session.state is SessionState.INACTIVE:
        return "Charged again from its next job on."
    return "Its QPU time is charged, used or not."


def idle_warning(session: Session, seconds: float, now: datetime, *, read_only: bool = False) -> str:
    """Return the warning about an idle session, short enough for two lines of 80 cells.

    Args:
        session: the session.
        seconds: how long it has been idle.
        now: the time.
        read_only: leave out the keys that end it.
    """
    which = f"{session.mode} {short_id(session.id)} on {shorten(session.backend, 30)}"
    idle = idle_time(now - timedelta(seconds=seconds), now)
    keys = "" if read_only else " F5: d drains it, c cancels it."
    return f"Idle for {idle}: {which}. {charge_note(session)}{keys}"


def offers(sessions: Iterable[Session], backend: str, now: datetime) -> list[tuple[str, str]]:
    """Return the sessions that take jobs on a backend, for the submit form.

    Returns:
        Label and id of each.
    """
    return [
        (f"{session.mode} {short_id(session.id)} {time_left(session, now)}", session.id)
        for session in sessions
        if session.takes_jobs and session.backend == backend
    ]
