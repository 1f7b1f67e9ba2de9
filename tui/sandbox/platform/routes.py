"""Paths of the platform face, and who may call them."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route

from tui.sandbox.base.errors import bad_credentials, forbidden, instance_not_found, unauthenticated
from tui.sandbox.base.http import bearer
from tui.sandbox.core.instance import archive_crn
from tui.sandbox.core.service import Service
from tui.sandbox.platform import account, analytics, runtime
from tui.sandbox.server import backends, jobs, sessions
from tui.sandbox.server.routing import Call, RouteTable, authorized_routes


def _authorize_account(request: Request, service: Service) -> Call:
    """Accept a JWT of this process, or the API key itself, which IBM's client sends when IAM fails."""
    scheme, credentials = bearer(request)
    if scheme == "apikey":
        if not service.iam.is_api_key(credentials):
            raise bad_credentials()
    elif scheme != "bearer" or not service.iam.is_valid(credentials):
        raise unauthenticated()
    version = request.headers.get("ibm-api-version", "").strip()
    known = version if version in runtime.VERSIONS else ""
    return Call(request, service, "platform", service.identity.user_id, known)


def _authorize_instance(request: Request, service: Service) -> Call:
    """Accept the instance as well: 404 for another one of the account, 403 for anything else."""
    authorized = _authorize_account(request, service)
    crn = request.headers.get("service-crn", "").strip()
    if crn == service.identity.crn:
        return authorized
    if service.archive is not None and crn == archive_crn(service.identity):
        return replace(authorized, face="archive")
    parts = crn.split(":")
    if len(parts) > 7 and parts[0] == "crn" and parts[6] == f"a/{service.identity.account}":
        raise instance_not_found()
    raise forbidden()


_API: RouteTable = (
    ("GET", "/backends", runtime.list_backends),
    ("GET", "/backends/{name}/configuration", backends.get_configuration),
    ("GET", "/backends/{name}/properties", backends.get_properties),
    ("GET", "/backends/{name}/status", backends.get_status),
    ("GET", "/backends/{name}/defaults", runtime.get_defaults),
    ("POST", "/jobs", runtime.create_job),
    ("GET", "/jobs", jobs.list_jobs),
    ("GET", "/jobs/{job_id}", jobs.get_job),
    ("DELETE", "/jobs/{job_id}", jobs.delete_job),
    ("GET", "/jobs/{job_id}/results", jobs.get_results),
    ("GET", "/jobs/{job_id}/logs", jobs.get_logs),
    ("GET", "/jobs/{job_id}/metrics", jobs.get_metrics),
    ("POST", "/jobs/{job_id}/cancel", jobs.cancel_job),
    ("PUT", "/jobs/{job_id}/tags", jobs.replace_tags),
    ("GET", "/jobs/{job_id}/interim_results", jobs.get_interim_results),
    ("GET", "/jobs/{job_id}/transpiled_circuits", jobs.get_transpiled_circuits),
    ("POST", "/sandbox/estimates", jobs.estimate_job),
    ("GET", "/tags", account.search_tags),
    ("POST", "/sessions", runtime.create_session),
    ("GET", "/sessions/{session_id}", sessions.get_session),
    ("PATCH", "/sessions/{session_id}", sessions.update_session),
    ("DELETE", "/sessions/{session_id}/close", sessions.close_session),
    ("GET", "/instance", account.get_instance),
    ("GET", "/instances/configuration", account.get_configuration),
    ("PUT", "/instances/configuration", account.set_configuration),
    ("GET", "/instances/usage", account.get_usage),
    ("GET", "/workloads", runtime.list_workloads),
    ("GET", "/analytics/usage", analytics.get_usage),
    ("GET", "/analytics/usage_grouped", analytics.get_grouped_usage),
    ("GET", "/analytics/usage_grouped_by_date", analytics.get_daily_usage),
    ("GET", "/analytics/filters", analytics.get_filters),
)
_ACCOUNT: RouteTable = (("GET", "/accounts/{account_id}", account.get_account),)
_IBM_CLOUD: RouteTable = (
    ("POST", "/global-search/v3/resources/search", account.search_resources),
    ("GET", "/globalcatalog/api/v1/{plan_id}", account.get_plan),
    ("GET", "/resource-controller/v2/resource_instances", account.list_resource_instances),
)


def routes() -> list[BaseRoute]:
    """Return the routes of the API, which is there twice, and of the IBM Cloud services.

    IBM's client rewrites URLs to those without `experimental`.
    """
    api = [
        Route("/versions", runtime.list_versions, methods=["GET"]),
        *authorized_routes(_authorize_instance, _API),
        *authorized_routes(_authorize_account, _ACCOUNT),
    ]
    return [
        Route("/identity/token", account.issue_token, methods=["POST"]),
        Mount("/api/v1", routes=api),
        Mount("/experimental/api/v1", routes=api),
        *authorized_routes(_authorize_account, _IBM_CLOUD),
    ]
