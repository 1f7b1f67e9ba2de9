"""Every path of the classic face."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route

from tui.sandbox.classic import guard as let_in
from tui.sandbox.classic import login, runtime, sessions, transpiler
from tui.sandbox.classic.guard import Handler

_TRANSPILER_PATHS = ("/transpile", "/health", "/version", "/backends")


def is_transpiler(path: str) -> bool:
    """Whether a path belongs to the transpiler, which words its errors its own way."""
    return path.startswith(_TRANSPILER_PATHS)


def _runtime(method: str, path: str, handler: Handler) -> Route:
    return Route(path, let_in.runtime(handler), methods=[method])


def _transpiler(method: str, path: str, handler: Handler) -> Route:
    return Route(path, let_in.transpiler(handler), methods=[method])


def routes() -> list[BaseRoute]:
    auth = [
        Route("/version", login.version, methods=["GET"]),
        Route("/users/loginWithToken", login.login, methods=["POST"]),
        Route("/users/me", let_in.auth_host(login.me), methods=["GET"]),
        Route("/users/logout", let_in.auth_host(login.logout), methods=["POST"]),
        Route("/Network", let_in.auth_host(login.network), methods=["GET"]),
    ]
    runtime_routes = [
        _runtime("GET", "/users/me", login.runtime_me),
        _runtime("GET", "/usage", runtime.usage),
        _runtime("GET", "/backends", runtime.backends),
        _runtime("GET", "/backends/{name}/configuration", runtime.configuration),
        _runtime("GET", "/backends/{name}/properties", runtime.properties),
        _runtime("GET", "/backends/{name}/defaults", runtime.defaults),
        _runtime("GET", "/backends/{name}/status", runtime.status),
        _runtime("POST", "/jobs", runtime.create),
        _runtime("GET", "/jobs", runtime.listing),
        _runtime("GET", "/jobs/{job_id}", runtime.get),
        _runtime("DELETE", "/jobs/{job_id}", runtime.delete),
        _runtime("GET", "/jobs/{job_id}/results", runtime.results),
        _runtime("GET", "/jobs/{job_id}/interim_results", runtime.interim_results),
        _runtime("GET", "/jobs/{job_id}/logs", runtime.logs),
        _runtime("GET", "/jobs/{job_id}/metrics", runtime.metrics),
        _runtime("GET", "/jobs/{job_id}/transpiled_circuits", runtime.transpiled_circuits),
        _runtime("POST", "/jobs/{job_id}/cancel", runtime.cancel),
        _runtime("PUT", "/jobs/{job_id}/tags", runtime.tags),
        _runtime("POST", "/sessions", sessions.create),
        _runtime("GET", "/sessions/{session_id}", sessions.get),
        _runtime("PATCH", "/sessions/{session_id}", sessions.patch),
        _runtime("DELETE", "/sessions/{session_id}/close", sessions.close),
    ]
    return [
        Mount("/auth/api", routes=auth),
        Mount("/runtime", routes=runtime_routes),
        _transpiler("GET", "/health", transpiler.health),
        _transpiler("GET", "/version", transpiler.version),
        _transpiler("GET", "/backends", transpiler.backends),
        _transpiler("POST", "/transpile", transpiler.submit),
        _transpiler("GET", "/transpile/{task_id}", transpiler.poll),
    ]
