"""`qdeck usage` and `qdeck instances`: what the account has, what it has used, and for what."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.commands.jobs.jobs import LIST_SECONDS
from tui.commands.shared.context import (
    sign_in,
    signed_in_services,
    started_services,
    time_limit,
    waiting_for_service,
)
from tui.commands.shared.listing import Entry, Output, Table, emit_listing
from tui.commands.shared.output import Exit, say
from tui.commands.shared.selection import ServiceChoice, service_facts, service_label
from tui.common.errors import QdeckError
from tui.domain.accounts import AccountDetails, Identity, Instance, Usage
from tui.domain.jobs import Job, JobQuery
from tui.monitor.services import AppServices

MOST_JOBS = 5000
"""Jobs that the service is asked for at the most, to add up what they took."""

Keys = Callable[[Job], Sequence[str]]

GROUPS: dict[str, Keys] = {
    "backend": lambda job: (job.backend,),
    "day": lambda job: (f"{job.created.astimezone():%Y-%m-%d}",),
    "primitive": lambda job: (job.primitive,),
    "session": lambda job: (job.session_id,),
    "slurm": lambda job: (job.slurm_job,),
    "status": lambda job: (str(job.status),),
    "tag": lambda job: job.tags or ("",),
}
"""By what QPU seconds are added up: the groups a job is of, empty where it is of none."""


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """What the jobs of one group took.

    Attributes:
        key: the backend, day, ...; empty: the jobs that are of no group.
        jobs: how many there are.
        qpu_seconds: charged for them so far.
        open: how many are queued or running, for which nothing is charged yet.
    """

    key: str
    jobs: int
    qpu_seconds: float
    open: int


def add_up(jobs: Iterable[Job], keys: Keys) -> list[UsageGroup]:
    """Add up the QPU seconds of jobs by group; a job of several groups counts in each.

    Returns:
        The groups, the one that took most first.
    """
    found: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        for key in keys(job):
            found[key].append(job)
    groups = [
        UsageGroup(
            key,
            len(of),
            sum(job.qpu_seconds or 0.0 for job in of),
            sum(not job.over for job in of),
        )
        for key, of in found.items()
    ]
    return sorted(groups, key=lambda group: (-group.qpu_seconds, group.key))


async def show_usage(choice: ServiceChoice, environ: Mapping[str, str], listing: Output) -> Exit:
    """Print the QPU seconds of the instance in its period, and what the service's statistics say.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed, or the service did not answer.
    """
    async with signed_in_services(choice, environ, seconds=LIST_SECONDS) as opened:
        services, identity = opened.services, opened.identity
        async with waiting_for_service(time_limit(choice, environ, LIST_SECONDS)):
            usage = await services.pricing.usage() or Usage()
            details = AccountDetails()
            with contextlib.suppress(QdeckError):  # the usage is what was asked for
                details = await services.account.details()
        facts = {"instance": identity.instance, "name": identity.instance_name, **_usage_facts(usage)}
        emit_listing(
            listing,
            answer={**service_facts(identity), "usage": facts, **_details_facts(details)},
            entries=[facts],
            tables=_tables(identity, usage, details),
        )
        for part in details.withheld:
            say(f"The service does not tell this key: {part}.")
        return Exit.DONE


async def show_usage_by(
    choice: ServiceChoice,
    environ: Mapping[str, str],
    by: str,
    wanted: JobQuery,
    listing: Output,
    *,
    offline: bool,
) -> Exit:
    """Print the QPU seconds of jobs by group.

    Args:
        choice: the service meant.
        environ: the environment.
        by: one of `GROUPS`.
        wanted: which jobs count.
        listing: the form and the file.
        offline: those of the history; no service is asked.

    Returns:
        The exit status.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed, or the service did not answer.
    """
    async with started_services(choice.environment(environ), timeout=choice.timeout) as services:
        about: Entry = {"service": None, "history": True}
        if not offline:
            async with waiting_for_service(time_limit(choice, environ, LIST_SECONDS)):
                identity = await sign_in(services, choice)
                await services.jobs.fetch_newest(MOST_JOBS, wanted)
            about = {**service_facts(identity), "history": False}
        jobs = [job for job in services.jobs.all() if wanted.fits(job) and _of(job, services)]
        groups = add_up(jobs, GROUPS[by])
        facts = [_group_facts(group, by) for group in groups]
        emit_listing(
            listing,
            answer={**about, "by": by, "jobs": len(jobs), "groups": facts},
            entries=facts,
            tables=[Table((by.upper(), "JOBS", "QPU s", "OPEN"), [_group_row(group) for group in groups])],
            empty="No such job.",
        )
        return Exit.DONE


def _of(job: Job, services: AppServices) -> bool:
    identity = services.connection.identity
    return identity is None or job.service == service_label(identity)


async def list_instances(choice: ServiceChoice, environ: Mapping[str, str], listing: Output) -> Exit:
    """Print the instances that the account may use.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed, or the service did not answer.
    """
    async with signed_in_services(choice, environ, seconds=LIST_SECONDS) as opened:
        async with waiting_for_service(time_limit(choice, environ, LIST_SECONDS)):
            instances = await opened.services.account.instances()
        current = opened.identity.instance
        facts = [_instance_facts(one, current) for one in instances]
        rows = [
            ("in use" if one.id == current else "", one.name, one.plan, one.pricing, one.id)
            for one in instances
        ]
        emit_listing(
            listing,
            answer={**service_facts(opened.identity), "instances": facts},
            entries=facts,
            tables=[Table(("", "NAME", "PLAN", "PRICING", "INSTANCE"), rows)],
            empty="The account may use no instance.",
        )
        return Exit.DONE


def _instance_facts(instance: Instance, current: str) -> dict[str, object]:
    return {
        "instance": instance.id,
        "name": instance.name,
        "plan": instance.plan or None,
        "pricing": instance.pricing or None,
        "tags": list(instance.tags),
        "in_use": instance.id == current,
    }


def _usage_facts(usage: Usage) -> dict[str, object]:
    return {
        "plan": usage.plan or None,
        "consumed_seconds": usage.consumed_seconds,
        "limit_seconds": usage.limit_seconds,
        "remaining_seconds": usage.remaining_seconds,
        "limit_reached": usage.limit_reached,
        "period_end": _iso(usage.period_end),
    }


def _details_facts(details: AccountDetails) -> dict[str, object]:
    spent = details.spending
    return {
        "instance_limit_seconds": details.instance_limit_seconds,
        "plans": [
            {
                "name": plan.name,
                "allocated_seconds": plan.allocated_seconds,
                "limit_seconds": plan.limit_seconds,
                "max_ttl": plan.max_ttl,
                "interactive_ttl": plan.interactive_ttl,
                "ends": _iso(plan.ends),
            }
            for plan in details.plans
        ],
        "spending": None
        if spent is None
        else {
            "jobs": spent.jobs,
            "used_seconds": spent.used_seconds,
            "mean_queue_seconds": spent.mean_queue_seconds,
            "longest_queue_seconds": spent.longest_queue_seconds,
        },
        "by_backend": [
            {"backend": one.key, "jobs": one.jobs, "used_seconds": one.used_seconds}
            for one in details.by_backend
        ],
        "by_instance": [
            {"instance": one.key, "jobs": one.jobs, "used_seconds": one.used_seconds}
            for one in details.by_instance
        ],
        "withheld": list(details.withheld),
    }


def _tables(identity: Identity, usage: Usage, details: AccountDetails) -> list[Table]:
    """Return what is used and left, then what each backend, or else each instance, took of it."""
    rows = [
        ("instance", identity.instance_name or identity.instance),
        ("plan", usage.plan),
        ("used QPU s", _seconds(usage.consumed_seconds)),
        ("limit QPU s", _seconds(usage.limit_seconds)),
        ("left QPU s", _seconds(usage.remaining_seconds)),
        ("period ends (UTC)", "" if usage.period_end is None else f"{usage.period_end:%Y-%m-%d %H:%M}"),
    ]
    shares = [
        (kind, one.key, str(one.jobs), _seconds(one.used_seconds))
        for kind, of in (("backend", details.by_backend), ("instance", details.by_instance))
        for one in of
    ]
    parts = [Table(("WHAT", "VALUE"), [row for row in rows if row[1]])]
    return [*parts, Table(("OF", "NAME", "JOBS", "QPU s"), shares)] if shares else parts


def _group_facts(group: UsageGroup, by: str) -> dict[str, object]:
    return {
        by: group.key or None,
        "jobs": group.jobs,
        "qpu_seconds": group.qpu_seconds,
        "open": group.open,
    }


def _group_row(group: UsageGroup) -> tuple[str, ...]:
    return (group.key or "(none)", str(group.jobs), _seconds(group.qpu_seconds), str(group.open))


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
