"""The final state in YARN is the truth: SUCCEEDED exactly when a model was published, else FAILED with the reason.

Stands in for an interface that Spark does not have: a driver in a container can only exit with a status, and Spark then
makes up the diagnostics. Its ApplicationMaster, which has a method for the reason, is a private field of its companion
object (org.apache.spark.deploy.yarn.ApplicationMaster, read in Spark 3.5 and 4.3), reached here by reflection.
"""

import os
from typing import Any

from pyspark import SparkContext

MASTER = "org.apache.spark.deploy.yarn.ApplicationMaster"


def fail_from_gateway(context: SparkContext) -> None:
    """Ends the application of a driver on the gateway as FAILED; left to itself, Spark would end it as SUCCEEDED."""
    if context.master == "yarn" and context.getConf().get("spark.submit.deployMode") == "client":
        context._jsc.sc().stop(1)


def fail_from_container(status: int, reason: str) -> None:
    """Ends the application of a driver in YARN's cluster mode as FAILED, with the reason in YARN's diagnostics.

    Spark would only say there that the program has exited with a status. To be called last: it ends this process.
    """
    jvm = SparkContext._jvm
    if "CONTAINER_ID" not in os.environ or jvm is None:  # not in YARN; or Spark was never up, and has no say
        return
    master = _application_master(jvm)
    if master is not None:
        failed = jvm.org.apache.hadoop.yarn.api.records.FinalApplicationStatus.FAILED
        master.finish(failed, status, reason)


def _application_master(jvm: Any) -> Any:
    """Returns the ApplicationMaster that runs in this JVM, which Spark keeps to itself; None where there is none."""
    companion = jvm.java.lang.Class.forName(f"{MASTER}$")
    instance = companion.getField("MODULE$").get(None)
    for field in companion.getDeclaredFields():
        if field.getType().getName() == MASTER:
            field.setAccessible(True)
            return field.get(instance)
    return None
