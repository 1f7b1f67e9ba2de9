"""`qdeck jobs`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.commands.jobs.views import (
    CELLS,
    STANDARD,
    arranged,
    format_moment,
    job_table,
    kept_view,
    view_filter,
)
from tui.commands.shared.context import (
    sign_in,
    started_services,
    time_limit,
    waiting_for_service,
)
from tui.commands.shared.listing import AS_TABLE, Output, Table, emit_listing
from tui.commands.shared.output import Exit, UsageFault, explain, say
from tui.commands.shared.selection import ServiceChoice, choose_account, service_facts, service_label
from tui.commands.shared.submission import say_left_in_line
from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.config.settings import folders
from tui.domain.accounts import Identity
from tui.domain.export.documents import job_facts
from tui.domain.jobs import Job, JobQuery
from tui.jobquery.dates import TIME_SPAN, date_range, time_before
from tui.jobquery.pushdown import pushdown_query
from tui.jobquery.view import SavedView
from tui.monitor.services import AppServices

LIST_SECONDS = 30.0
"""Seconds that a list is waited for, signing in included, unless the user says otherwise."""
HISTORY_HEAD = ("SERVICE", "CONFIRMED (UTC)")
"""Beside the columns, where jobs come from the history: it holds those of every service, of any age."""


def asked_moment(text: str, now: datetime, *, end: bool = False) -> datetime | None:
    """Parse a moment given as an option: a local date, as far as it is written, or an age (`2d`).

    Args:
        text: the option; empty when it was not given.
        now: the time (UTC) from which ages are counted.
        end: for a date, its last moment and not its first one.

    Returns:
        The moment (UTC); `None` for an empty text.

    Raises:
        UsageFault: it is neither.
    """
    if not text:
        return None
    if TIME_SPAN.fullmatch(text):
        return time_before(text, now)
    try:
        return date_range(text, now)[1 if end else 0]
    except ValueError:
        raise UsageFault(
            f"{plain(text, limit=60)!r} is no date and no age: 2026-03-14, 2026-03, today, 2d or 1h30m."
        ) from None


def job_query(*, since: str, until: str, pending: bool, **filters: Any) -> JobQuery:
    """Make the query of the options that filter jobs.

    Args:
        since, until: moments as `asked_moment` takes them.
        pending: only jobs that are queued or running.
        filters: members of `JobQuery`.

    Raises:
        UsageFault: a moment is none.
    """
    now = datetime.now(UTC)
    return JobQuery(
        pending=True if pending else None,
        created_after=asked_moment(since, now),
        created_before=asked_moment(until, now, end=True),
        **filters,
    )


async def list_jobs(
    choice: ServiceChoice,
    environ: Mapping[str, str],
    *,
    limit: int,
    listing: Output = AS_TABLE,
    offline: bool = False,
    wanted: JobQuery | None = None,
    view: str = "",
) -> Exit:
    """Print the newest jobs of the account, as the service lists them now.

    With `offline`, and where there is no account to ask with, the jobs of the history are printed instead.
    When the service answers the sign-in but not the list, they are printed too, marked `stale`.

    Args:
        choice: the service meant.
        environ: the environment.
        limit: the most jobs printed.
        listing: the form and the file.
        offline: ask no service.
        wanted: filters; `None`: all jobs.
        view: name of a saved view of the account, by which jobs are chosen and sorted, with its columns;
            empty: all jobs, newest first.

    Returns:
        The exit status; that of a failure where the list is stale, or the history could not be read.

    Raises:
        UsageFault: there is no account, and no job in the history; or none of the name asked for; or no such
            view.
        QdeckError: signing in failed.
    """
    wanted = wanted or JobQuery()
    environ = choice.environment(environ)
    async with started_services(environ, timeout=choice.timeout) as services:
        account = None if choice.sandbox else choose_account(services.account.found, choice)
        nobody = not choice.sandbox and account is None
        if account is not None and choice.account:
            # The history does not know accounts by their names.
            choice = replace(choice, channel=account.channel)
        if offline or nobody:
            kept = _kept(view, environ) if view else None
            jobs = _chosen(services, _known(services, choice), wanted, kept)[:limit]
            if offline or jobs:
                kind = f"{choice.channel} account" if choice.channel else "account"
                if not offline:
                    say(f"No {kind} found: `qdeck login` signs in.")
                printed = _print_history(jobs, listing, kept)
                return Exit.FAILED if services.history_unread else printed
        seconds = time_limit(choice, environ, LIST_SECONDS)
        began = asyncio.get_running_loop().time()
        async with waiting_for_service(seconds):
            identity = await sign_in(services, choice)
        if seconds is not None:
            seconds = max(1.0, seconds - (asyncio.get_running_loop().time() - began))
        kept = _kept(view, environ, services.connection.account) if view else None
        return await _list_now(services, identity, limit, wanted, listing, kept, seconds=seconds)


def _kept(name: str, environ: Mapping[str, str], account: str = "") -> SavedView:
    return kept_view(folders(environ).state, name, account)


def _chosen(
    services: AppServices, jobs: Iterable[Job], wanted: JobQuery, view: SavedView | None
) -> list[Job]:
    """The jobs that fit the query, and the view where one is given, in its order."""
    fitting = [job for job in jobs if wanted.fits(job)]
    return fitting if view is None else arranged(fitting, view, datetime.now(UTC), services.jobs.unread())


def _columns(view: SavedView | None) -> Sequence[str]:
    return [one.id for one in view.columns if one.id in CELLS] or STANDARD if view is not None else STANDARD


async def _list_now(
    services: AppServices,
    identity: Identity,
    limit: int,
    wanted: JobQuery,
    listing: Output,
    view: SavedView | None,
    *,
    seconds: float | None,
) -> Exit:
    stale = False
    asked = wanted
    if view is not None and wanted == JobQuery():
        asked = pushdown_query(view_filter(view), datetime.now(UTC)) or wanted
    try:
        async with waiting_for_service(seconds):
            await services.jobs.fetch_newest(limit, asked)
    except QdeckError as error:
        explain(error)
        say("What follows is what was known before.")
        stale = True
    label = service_label(identity)
    here = (job for job in services.jobs.all() if job.service == label)
    jobs = _chosen(services, here, wanted, view)[:limit]
    facts = [job_facts(job) for job in jobs]
    emit_listing(
        listing,
        answer={**service_facts(identity), "history": False, "stale": stale, "jobs": facts},
        entries=facts,
        tables=[job_table(jobs, _columns(view))],
        empty="No such job."
        if wanted != JobQuery() or view is not None
        else "No jobs yet. `qdeck run FILE` submits one.",
    )
    say_left_in_line(services)
    return Exit.FAILED if stale else Exit.DONE


def _known(services: AppServices, choice: ServiceChoice) -> list[Job]:
    """The jobs of the history that the options mean, newest first; nobody is signed in."""
    wanted = choice.instance if choice.instance.startswith("crn:") or choice.instance.count("/") == 2 else ""
    if choice.instance and not wanted:
        say("The history knows instances by their CRN alone: those of every instance follow.")
    return [
        job
        for job in services.jobs.all()
        if (not choice.sandbox or job.service.startswith("sandbox"))
        and (choice.channel is None or job.service.endswith(str(choice.channel)))
        and wanted in {"", job.instance}
    ]


def _print_history(jobs: list[Job], listing: Output, view: SavedView | None) -> Exit:
    """What is known of the jobs here, with how old that is."""
    say("This is the history: the service was not asked.")
    simulated = any(job.service.startswith("sandbox") for job in jobs)
    if simulated:
        say("SANDBOX: jobs whose service is a sandbox were simulated, not run on hardware.")
    moments = [job.confirmed for job in jobs if job.confirmed is not None]
    if moments:
        now = datetime.now(UTC)
        newest, oldest = _age(now - max(moments)), _age(now - min(moments))
        when = newest if newest == oldest else f"between {newest} and {oldest}"
        say(f"What follows was confirmed by its service {when}; the last column says when, for each.")
    facts = [job_facts(job) for job in jobs]
    table = job_table(jobs, _columns(view))
    confirmed = [(job.service, format_moment(job.confirmed)) for job in jobs]
    rows = [(*row, *more) for row, more in zip(table.rows, confirmed, strict=True)]
    emit_listing(
        listing,
        answer={"service": None, "sandbox": simulated, "instance": None, "hosts": []}
        | {"history": True, "stale": True, "jobs": facts},
        entries=facts,
        tables=[Table(table.head + HISTORY_HEAD, rows)],
        empty="It holds no such job.",
    )
    return Exit.DONE


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days ago"
    return f"{minutes // 60} hours ago" if minutes >= 2 * 60 else f"{minutes} min ago"
