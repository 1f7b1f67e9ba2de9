"""`/sandbox/faults`: the faults in force, read and replaced while the sandbox runs."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import invalid, unauthenticated
from tui.sandbox.base.http import answer, body_bytes
from tui.sandbox.base.tokens import same
from tui.sandbox.faults.plan import Fault, FaultPlan, fault_of, parse

PATH = "/sandbox/faults"


class FaultControl:
    """GET tells the faults, PUT replaces all of them. Both need the API key as a bearer."""

    def __init__(self, plan: FaultPlan, api_key: str) -> None:
        self._plan = plan
        self._api_key = api_key

    async def endpoint(self, request: Request) -> Response:
        """Serve one request.

        Raises:
            ApiError: 401 without the key, 400 for what is no list of faults.
        """
        if not same(request.headers.get("authorization", ""), f"Bearer {self._api_key}"):
            raise unauthenticated()
        if request.method == "PUT":
            self._plan.set(_faults(await body_bytes(request)))
        return answer(self._plan.told())


def _faults(body: bytes) -> list[Fault]:
    """Faults as an array of objects, or of texts as on the command line."""
    try:
        given = json.loads(body)
        return [parse(each) if isinstance(each, str) else fault_of(each) for each in given]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise invalid(str(error)) from error
