"""8.6  Test it without the internet."""

import pytest

BROKEN = [
    "leaves_one_out",
    "fails_with_one",
    "empty_for_none",
    "remembers",
    "rounds",
    "crashes_without_a_price",
    "open_door",
]
HARMLESS = ["one_header_more", "one_field_more"]

_said: dict[str, list[dict[str, object]]] = {}
"""What the learner's tests said of each service. All of them are tried once, and several checks look at it."""


@pytest.fixture
def tests_on(service, rng):
    """Run the learner's tests on their service, as it is and changed in each way, and say what came of one of them.

    The order is another one each time, and the right service comes three times: tests that go by their turn, and not by
    what the service answers, do not get far.
    """
    if not _said:
        turns = ["", "", "", *HARMLESS, *BROKEN]
        rng.shuffle(turns)
        for how in turns:
            _said.setdefault(how, []).append(service.inside("run_tests", how=how))

    def told(how=""):
        wrong = [found for found in _said[how] if found["failed"] or found["tried"]]
        return (wrong or _said[how])[0]

    return told


def all_pass(found, service_is):
    """Whether the learner's tests pass; there have to be some."""
    assert found["collected"] > 0, f"pytest finds no tests in the folder tests: {found['said']}"
    assert found["failed"] == [], f"{service_is}, and {found['failed'][0]} fails: {found['said']}"
    assert found["code"] == 0
    return True


def test_tests_pass_where_they_should(tests_on):
    """The tests pass, without a connection, on the service as it is, and with a header or a field more; not on all."""
    found = tests_on()
    assert all_pass(found, "The service is right")
    assert found["tried"] == [], f"a test asks the network: {found['tried'][0]}"
    for how in HARMLESS:
        assert all_pass(tests_on(how), "The service has only something more in its answer")
    assert any(tests_on(how)["failed"] for how in BROKEN), "the tests pass on every service, whatever is wrong with it"


@pytest.mark.parametrize("how", BROKEN)
def test_tests_find_what_is_wrong(tests_on, how):
    """At least one test fails on the service that is wrong in this way, and none on the right one."""
    assert all_pass(tests_on(), "The service is right")
    assert tests_on(how)["failed"], f"no test fails on the service called {how}"
