"""Probes a cluster for `textcnn doctor --probe`: a task on an executor tries all that a worker needs there.

    spark-submit … spark_driver/probe.py --out URI

Exit status: 0, probe.json in the folder says what was found; anything else, the probe did not come so far.
"""

import sys
import traceback
from collections.abc import Sequence

from pyspark import SparkContext

from spark_driver import application_master


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the probe and returns its exit status."""
    try:
        from spark_driver import job
        from spark_driver.probing import probe
    except Exception:  # noqa: BLE001 - whatever a library fails with on this machine is what is looked for
        told = traceback.format_exc()
        print(told, file=sys.stderr)
        SparkContext._ensure_initialized()
        application_master.fail_from_container(1, told)
        return 1
    return job.run(job.parser("probe.py", __doc__).parse_args(arguments), probe)


if __name__ == "__main__":
    sys.exit(main())
