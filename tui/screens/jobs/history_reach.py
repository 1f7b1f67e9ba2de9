"""How far back the table goes: what is said of it, and when the user is near enough to want more."""

from __future__ import annotations

from tui.common.sanitize import shorten
from tui.jobquery.job_list import JobList
from tui.monitor.state.events import HistoryCoverage
from tui.widgets.tables.job_table import JobTable

_ERROR_CELLS = 60


def reach_words(reach: HistoryCoverage) -> str:
    """What the rule says; empty when nothing is known of it."""
    if reach.asking:
        return "older jobs: asking …"
    if reach.error is not None:
        return f"older jobs: {shorten(reach.error.message, _ERROR_CELLS)}"
    if reach.whole:
        return "all jobs there are"
    return "" if reach.since is None else f"all jobs since {reach.since.astimezone():%Y-%m-%d}"


def reach_matters(reach: HistoryCoverage, table: JobTable, jobs: JobList) -> bool:
    """Whether the rule says it: something happens, or the user is where it matters."""
    return reach.asking or reach.error is not None or near_the_end(reach, table, jobs)


def near_the_end(reach: HistoryCoverage, table: JobTable, jobs: JobList) -> bool:
    """Whether a screenful further on are older jobs than are all known, or the list ends."""
    keys = table.keys
    ahead = max(table.cursor_index, table.last_visible) + max(1, table.size.height - 1)
    oldest_first = jobs.order.column == "age" and jobs.order.descending
    if not keys or (ahead >= len(keys) and not oldest_first):
        return True
    if reach.since is None or jobs.order.column != "age" or oldest_first:
        return False
    job = jobs.get(keys[ahead])
    return job is not None and job.created < reach.since
