"""Every path of the platform's face; the API twice: IBM's client rewrites URLs without `experimental`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from tui.sandbox.base.http import answer
from tui.sandbox.platform import (
    analytics,
    backends,
    iam,
    ibm_cloud,
    instances,
    jobs,
    sessions,
    workloads,
)
from tui.sandbox.platform.guard import VERSIONS, Handler, guarded

SUNSET = {version: f"{max(int(version[:4]) + 1, 2027)}{version[4:]}" for version in VERSIONS[:-1]}
SUNSET.update(dict.fromkeys(VERSIONS[:3], "2027-01-01"))


async def versions(_request: Request) -> Response:
    """All versions of the API, the newest alive; asks for no token."""
    old = [
        {"version": version, "sunset_date": SUNSET[version], "status": "deprecated"}
        for version in VERSIONS[:-1]
    ]
    return answer({"versions": [*old, {"version": VERSIONS[-1], "status": "live"}]})


def _route(method: str, path: str, handler: Handler, *, instance: bool = True) -> Route:
    return Route(path, guarded(handler, instance=instance), methods=[method])


def api() -> list[BaseRoute]:
    """The routes under `/api/v1`."""
    return [
        Route("/versions", versions, methods=["GET"]),
        _route("GET", "/backends", backends.backends),
        _route("GET", "/backends/{name}/configuration", backends.configuration),
        _route("GET", "/backends/{name}/properties", backends.properties),
        _route("GET", "/backends/{name}/status", backends.status),
        _route("GET", "/backends/{name}/defaults", backends.defaults),
        _route("POST", "/jobs", jobs.create),
        _route("GET", "/jobs", jobs.listing),
        _route("GET", "/jobs/{job_id}", jobs.get),
        _route("DELETE", "/jobs/{job_id}", jobs.delete),
        _route("GET", "/jobs/{job_id}/results", jobs.results),
        _route("GET", "/jobs/{job_id}/logs", jobs.logs),
        _route("GET", "/jobs/{job_id}/metrics", jobs.metrics),
        _route("POST", "/jobs/{job_id}/cancel", jobs.cancel),
        _route("PUT", "/jobs/{job_id}/tags", jobs.tags),
        _route("GET", "/jobs/{job_id}/interim_results", jobs.interim_results),
        _route("GET", "/jobs/{job_id}/transpiled_circuits", jobs.transpiled_circuits),
        _route("GET", "/tags", instances.tags),
        _route("POST", "/sessions", sessions.create),
        _route("GET", "/sessions/{session_id}", sessions.get),
        _route("PATCH", "/sessions/{session_id}", sessions.patch),
        _route("DELETE", "/sessions/{session_id}/close", sessions.close),
        _route("GET", "/instance", instances.instance),
        _route("GET", "/instances/configuration", instances.configuration),
        _route("PUT", "/instances/configuration", instances.configure),
        _route("GET", "/instances/usage", instances.usage),
        _route("GET", "/workloads", workloads.workloads),
        _route("GET", "/analytics/usage", analytics.usage),
        _route("GET", "/analytics/usage_grouped", analytics.grouped),
        _route("GET", "/analytics/usage_grouped_by_date", analytics.grouped_by_date),
        _route("GET", "/analytics/filters", analytics.filters),
        _route("GET", "/accounts/{account_id}", instances.account, instance=False),
    ]


def routes() -> list[BaseRoute]:
    return [
        Route("/identity/token", iam.token, methods=["POST"]),
        Mount("/api/v1", routes=api()),
        Mount("/experimental/api/v1", routes=api()),
        _route("POST", "/global-search/v3/resources/search", ibm_cloud.search, instance=False),
        _route("GET", "/globalcatalog/api/v1/{plan_id}", ibm_cloud.catalog, instance=False),
        _route(
            "GET", "/resource-controller/v2/resource_instances", ibm_cloud.resource_instances, instance=False
        ),
    ]
