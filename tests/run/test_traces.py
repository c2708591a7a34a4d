"""What a person gets to read of a JVM's stack trace."""

import pytest

from run.traces import cause


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (
            "An error occurred while calling o7.hasNext.\n: java.lang.RuntimeException: Failed to fetch\n"
            "\tat org.apache.A.b(A.java:1)\nCaused by: org.apache.flink.B$Error: outer\n\tat org.apache.B\n"
            "Caused by: java.io.IOException: Cannot run program\n/no/python\n\tat java.C\n\t... 14 more\n",
            "IOException: Cannot run program\n/no/python",
        ),
        ("Application application_1_0001 was killed by user me at 10.0.0.1", None),
        ("org.apache.flink.Error: no memory\n\tat a.B\n", "Error: no memory"),
        ("", None),
    ],
)
def test_the_innermost_error_is_told_without_where_it_passed(trace: str, expected: str | None) -> None:
    assert cause(trace) == (trace if expected is None else expected)
