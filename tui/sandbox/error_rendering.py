"""An error in the words of the host that a path stands for."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui.sandbox import classic
from tui.sandbox.base.errors import ApiError, auth_body, iam_body, runtime_body
from tui.sandbox.base.http import answer


def render(path: str, error: ApiError) -> Response:
    """The answer to a request of that path that is refused with that error."""
    body: dict[str, Any]
    if path.startswith("/auth/"):
        body = auth_body(error.status, error.message, str(error.code))
    elif path.startswith("/identity/"):
        body = iam_body(f"BXNIM{error.code}E", error.message, path)
    elif classic.is_transpiler(path):
        body = {"detail": error.message}
    else:
        body = runtime_body(error)
    return answer(body, error.status, error.headers)
