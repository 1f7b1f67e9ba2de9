from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tui.compiler.client import WorkerCompiler


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def warm() -> AsyncIterator[WorkerCompiler]:
    """A compiler that the tests of this folder share: a worker takes seconds to warm."""
    compiler = WorkerCompiler()
    yield compiler
    await compiler.aclose()
