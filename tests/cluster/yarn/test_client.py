"""What is told of YARN's errors; YARN itself is in tests/yarn."""

import pytest

from cluster.yarn import client as yarn


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("no such application.\n\tat org.apache.hadoop.Server.call(Server.java:1)\n", "no such application."),
        ("refused; For more details see:  http://wiki.apache.org/hadoop/ConnectionRefused", "refused"),
        ("null", "null"),
    ],
)
def test_stack_traces_and_wiki_addresses_are_left_out(message: str, reason: str) -> None:
    assert yarn._reason(message) == reason
