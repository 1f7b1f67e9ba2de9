from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ibm.mock_network import FIXTURES, fixture, raw
from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.transport.errors import failure


def recorded(status: int, body: bytes) -> QdeckError:
    return failure(status, body, where="GET /x", host="h", content_type="application/json")


def errors() -> list[tuple[str, int, Any]]:
    found = []
    for file in sorted(FIXTURES.glob("gen*.json")):
        for answer in json.loads(file.read_text(encoding="utf-8")).get("responses", []):
            if answer["status"] >= 400:
                found.append((file.stem, answer["status"], answer["body"]))
    return found


@pytest.mark.parametrize(("name", "status", "body"), errors())
def test_failure_keeps_message_of_recorded_error(name: str, status: int, body: Any) -> None:
    error = recorded(status, raw(body))
    words = json.dumps(body, ensure_ascii=False)
    assert error.status == status
    assert error.message.rstrip(".").split(": ")[-1].strip("'") in words
    if "code" in words or "errorCode" in words:
        assert error.code is not None
        assert error.code in words


@pytest.mark.parametrize(
    "entry", fixture("gen2_error_bodies")["bodies"], ids=lambda entry: str(entry["when"])
)
def test_failure_from_recorded_platform_body(entry: Any) -> None:
    first = entry["body"]["errors"][0]
    error = recorded(entry.get("status", 400), raw(entry["body"]))
    assert error.message.startswith(first["message"].rstrip("."))
    assert error.code == str(first["code"])
    assert error.advice


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"errors": [{"code": 1234, "message": "m"}]}, ErrorKind.CONFLICT, "1234"),
        (400, {"errors": [{"code": "4001", "message": "m"}]}, ErrorKind.CONFLICT, "4001"),
        (401, {"errors": [{"code": 1200, "message": "m"}]}, ErrorKind.FORBIDDEN, "1200"),
        (404, {"errors": [{"code": 1291, "message": "m"}]}, ErrorKind.NOT_FOUND, "1291"),
        (503, {"errors": [{"code": 1208, "message": "m"}]}, ErrorKind.SERVER, "1208"),
        (401, {"error": {"name": "Error", "code": "3446", "message": "m"}}, ErrorKind.WRONG_KEY, "3446"),
        (400, {"errorCode": "BXNIM0415E", "errorMessage": "m"}, ErrorKind.WRONG_KEY, "BXNIM0415E"),
        (422, {"detail": [{"input": "7", "msg": "too large"}]}, ErrorKind.INVALID, None),
        (404, {"detail": "no such task"}, ErrorKind.NOT_FOUND, None),
        (500, {"message": "m", "code": 3}, ErrorKind.SERVER, "3"),
        (400, {"error": "plain"}, ErrorKind.INVALID, None),
    ],
)
def test_failure_kind_follows_code_before_status(
    status: int, body: Any, kind: ErrorKind, code: str | None
) -> None:
    error = recorded(status, raw(body))
    assert (error.kind, error.code) == (kind, code)


def test_failure_by_name_of_licence_error() -> None:
    error = recorded(401, raw({"error": {"name": "ACCEPT_LICENSE_REQUIRED", "code": "1", "message": "m"}}))
    assert error.kind is ErrorKind.FORBIDDEN
    assert "web site" in error.advice


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"errors": []}', b'{"errors": [1]}', b'{"errors": {"code": []}}', b"\xff",
     b'{"error": 5}', b'{"detail": {"x": 1}}', b"[" * 5000],
)  # fmt: skip
def test_failure_from_unknown_body_is_a_sentence(body: bytes) -> None:
    error = recorded(500, body)
    assert error.kind is ErrorKind.SERVER
    assert error.message.endswith(".")


def test_failure_text_is_sanitized_and_shortened() -> None:
    error = recorded(400, raw({"errors": [{"code": "\x1b[31m", "message": "\x1b[2J[red]" + "x" * 10_000}]}))
    assert "\x1b" not in str(error)
    assert len(str(error)) < 2000
