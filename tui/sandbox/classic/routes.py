"""Paths of the classic face, and who may call them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route

from tui.sandbox.base.errors import ApiError, bad_credentials
from tui.sandbox.base.http import bearer
from tui.sandbox.classic import login, runtime, transpiler
from tui.sandbox.core.service import Service
from tui.sandbox.server import backends, jobs, sessions
from tui.sandbox.server.routing import Call, RouteTable, authorized_routes


def _has_token(request: Request, service: Service) -> bool:
    """A valid access token, or the API token as a bearer."""
    token = login.access_token(request)
    if token:
        return service.classic.is_valid(token)
    scheme, credentials = bearer(request)
    if scheme != "bearer" or not credentials:
        return False
    return service.classic.is_api_token(credentials) or service.classic.is_valid(credentials)


def _call(request: Request, service: Service) -> Call:
    return Call(request, service, "classic", service.identity.classic_user_id)


def _authorize_auth(request: Request, service: Service) -> Call:
    """The auth host accepts access tokens only."""
    if not service.classic.is_valid(login.access_token(request)):
        raise ApiError(401, "AUTHORIZATION_REQUIRED", "Authorization Required")
    return _call(request, service)


def _authorize_runtime(request: Request, service: Service) -> Call:
    if not _has_token(request, service):
        raise bad_credentials()
    runtime.check_provider(request.query_params.get("provider"))
    return _call(request, service)


def _authorize_transpiler(request: Request, service: Service) -> Call:
    if not _has_token(request, service):
        raise ApiError(401, 401, "Invalid authentication credentials")
    return _call(request, service)


_AUTH: RouteTable = (
    ("GET", "/users/me", login.get_user),
    ("POST", "/users/logout", login.log_out),
    ("GET", "/Network", login.get_network),
)
_RUNTIME: RouteTable = (
    ("GET", "/users/me", login.get_runtime_user),
    ("GET", "/usage", runtime.get_usage),
    ("GET", "/backends", runtime.list_backends),
    ("GET", "/backends/{name}/configuration", backends.get_configuration),
    ("GET", "/backends/{name}/properties", backends.get_properties),
    ("GET", "/backends/{name}/defaults", runtime.get_defaults),
    ("GET", "/backends/{name}/status", backends.get_status),
    ("POST", "/jobs", runtime.create_job),
    ("GET", "/jobs", runtime.list_jobs),
    ("GET", "/jobs/{job_id}", runtime.get_job),
    ("DELETE", "/jobs/{job_id}", jobs.delete_job),
    ("GET", "/jobs/{job_id}/results", jobs.get_results),
    ("GET", "/jobs/{job_id}/interim_results", jobs.get_interim_results),
    ("GET", "/jobs/{job_id}/logs", jobs.get_logs),
    ("GET", "/jobs/{job_id}/metrics", jobs.get_metrics),
    ("GET", "/jobs/{job_id}/transpiled_circuits", jobs.get_transpiled_circuits),
    ("POST", "/jobs/{job_id}/cancel", jobs.cancel_job),
    ("PUT", "/jobs/{job_id}/tags", jobs.replace_tags),
    ("POST", "/sandbox/estimates", jobs.estimate_job),
    ("POST", "/sessions", runtime.create_session),
    ("GET", "/sessions/{session_id}", sessions.get_session),
    ("PATCH", "/sessions/{session_id}", sessions.update_session),
    ("DELETE", "/sessions/{session_id}/close", sessions.close_session),
)
_TRANSPILER: RouteTable = (
    ("GET", "/health", transpiler.get_health),
    ("GET", "/version", transpiler.get_version),
    ("GET", "/backends", transpiler.list_backends),
    ("POST", "/transpile", transpiler.submit),
    ("GET", "/transpile/{task_id}", transpiler.get_task),
)


def routes() -> list[BaseRoute]:
    """Return the routes of the auth host, the runtime and the cloud transpiler."""
    auth = [
        Route("/version", login.get_version, methods=["GET"]),
        Route("/users/loginWithToken", login.log_in, methods=["POST"]),
        *authorized_routes(_authorize_auth, _AUTH),
    ]
    return [
        Mount("/auth/api", routes=auth),
        Mount("/runtime", routes=authorized_routes(_authorize_runtime, _RUNTIME)),
        *authorized_routes(_authorize_transpiler, _TRANSPILER),
    ]
