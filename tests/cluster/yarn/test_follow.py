"""What spark-submit says, and what a person gets to know of it."""

from cluster.yarn.follow import Application


def test_the_application_is_known_before_it_is_submitted() -> None:
    application = Application()
    told = [
        application.hear(line)
        for line in (
            "21:46:12 INFO Client: Submitting application application_17_0001 to ResourceManager",
            "21:46:13 INFO Client: Application report for application_17_0001 (state: ACCEPTED)",
            "21:46:14 INFO Client: Application report for application_17_0001 (state: ACCEPTED)",
            "21:46:15 INFO Client: Application report for application_17_0001 (state: RUNNING)",
            "\t tracking URL: http://here/proxy",
        )
    ]
    assert told == [
        "submitted application_17_0001",
        "application_17_0001 ACCEPTED",
        None,
        "application_17_0001 RUNNING",
        "tracking URL http://here/proxy",
    ]
    assert application.identity == "application_17_0001"
