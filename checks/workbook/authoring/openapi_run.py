"""Ask a running service all sorts of things, and say where its answers are not what its OpenAPI document says.

Run as ``python -m workbook.authoring.openapi_run URL SEED``, in a process of its own: schemathesis takes a second to
import, and keeps its notes in the current folder. It prints a JSON list of lines.
"""

from __future__ import annotations

import json
import sys
from http.client import INTERNAL_SERVER_ERROR
from typing import Any

import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup, ServerError
from schemathesis.openapi.checks import UndefinedStatusCode

EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 3}
"""How many requests of each kind are sent to an operation: few, since every seed brings others."""
_REGISTRY: Any = schemathesis.checks
_CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]
_UNHURRIED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_ORDER = ["POST", "GET", "PUT", "PATCH", "DELETE"]
"""What is made first is there to be found, and is removed last."""


def main(url: str, number: int) -> list[str]:
    """Send requests to every operation of a service.

    Args:
        url: of its OpenAPI document.
        number: the seed of the requests.

    Returns:
        A line for each operation and status that is not as documented.
    """
    schema: Any = schemathesis.openapi.from_url(url)
    checks: list[Any] = _REGISTRY.CHECKS.get_by_names(_CHECKS)
    operations: list[Any] = [result.ok() for result in schema.get_all_operations()]
    operations.sort(key=lambda operation: _place(operation.method))
    found: dict[str, None] = {}
    for mode, examples in EXAMPLES.items():
        for operation in operations:

            @seed(number)
            @settings(
                max_examples=examples,
                phases=[Phase.generate],
                suppress_health_check=_UNHURRIED,
                database=None,
                deadline=None,
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                response = case.call()
                try:
                    case.validate_response(response, checks=checks)
                except FailureGroup as failures:
                    for failure in failures.exceptions:
                        if isinstance(failure, ServerError) and response.status_code != INTERNAL_SERVER_ERROR:
                            continue  # 502 and its kin tell of somebody else's fault; they have to be documented
                        found[f"{case.operation.label} answers {response.status_code}: {_words(failure)}"] = None

            try:
                ask()
            except Unsatisfiable:
                continue  # it takes nothing, so that nothing can be wrong with it
    return list(found)


def _place(method: str) -> int:
    return _ORDER.index(method.upper()) if method.upper() in _ORDER else len(_ORDER)


def _words(failure: BaseException) -> str:
    if isinstance(failure, UndefinedStatusCode):
        return "its OpenAPI document has no such status"
    if isinstance(failure, Failure):
        return " ".join(f"{failure.title}: {failure.message}".split())[:240]
    return " ".join(str(failure).split())[:240]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
