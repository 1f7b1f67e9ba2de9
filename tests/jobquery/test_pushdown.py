"""What of a filter the service is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui.domain.jobs import JobQuery
from tui.jobquery.dates import date_range
from tui.jobquery.filters import parse_filter
from tui.jobquery.pushdown import pushdown_query

NOW = datetime(2026, 3, 14, 15, tzinfo=UTC)
MARCH = date_range("2026-03", NOW)
BACKENDS = ("ibm_cusco", "ibm_fez", "ibm_fez_2")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", None),
        ("bell", None),
        ("-session:x", None),
        ("session:x,y", None),
        ('tag=""', None),
        ("shots>10 status:failed", None),
        ("session:x bell", JobQuery(session_id="x")),
        ("program:executor", JobQuery(program="executor")),
        # The executor runs samplers, too.
        ("program:sampler", None),
        ("tag:a tag=b", JobQuery(tags=("a", "b"))),
        ("backend:cusco", JobQuery(backend="ibm_cusco")),
        ("backend:ibm_fez", JobQuery(backend="ibm_fez")),
        ("backend:fez", None),
        ("backend:ibm_retired", JobQuery(backend="ibm_retired")),
        ("age<2d", JobQuery(created_after=NOW - timedelta(days=2))),
        ("age>1d age>=2d", JobQuery(created_before=NOW - timedelta(days=2))),
        ("created:2026-03", JobQuery(created_after=MARCH[0], created_before=MARCH[1])),
        ("created<2026-03", JobQuery(created_before=MARCH[0])),
        ("created<=2026-03", JobQuery(created_before=MARCH[1])),
        ("created>2026-03", JobQuery(created_after=MARCH[1])),
        ("created>=2026-03", JobQuery(created_after=MARCH[0])),
    ],
)
def test_pushdown_query_has_the_terms_the_service_evaluates(text: str, query: JobQuery | None) -> None:
    assert pushdown_query(parse_filter(text), NOW, BACKENDS) == query
