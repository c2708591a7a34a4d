"""A probe: a small application on YARN whose executor tries, on a node, all that a worker needs there."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import storage
from cluster.doctor.environment import PACK
from cluster.doctor.finding import Finding, failed, ok
from cluster.spark_submit import Launch
from cluster.yarn.artifacts import OURS
from cluster.yarn.launch import run
from cluster.yarn.uris import on_hdfs
from run.folder import new_run
from run.probe import DRIVER, DRIVER_LIBRARIES, GPU, HDFS, LIBRARIES, PROBE, Probed, from_json
from run.profile import Profile

REMEDIES = {
    DRIVER_LIBRARIES: PACK,
    LIBRARIES: f"{PACK} It has to be made on a machine like the nodes.",
    GPU: "See what `nvidia-smi` says on that node, and whether the environment has tensorflow[and-cuda].",
    HDFS: "See whether that node reaches the addresses in the files of HADOOP_CONF_DIR.",
    DRIVER: "Open the ports between nodes and driver, or set spark.driver.host in the profile's [spark].",
}


def findings(profile: Profile, passed_on: Sequence[str]) -> Iterator[Finding]:
    """Launches the probe as a run is launched, with one executor in place of many, and tells what it has found.

    Args:
        profile: where to run.
        passed_on: the user's spark-submit arguments.
    """
    out = on_hdfs(f"runs/doctor-{new_run()}", profile.principal)
    script = OURS / "spark_driver" / "probe.py"
    launch = Launch(name="textcnn-doctor", script=script, out=out, passed_on=passed_on)
    try:
        if run(replace(profile, workers=1), launch, dry_run=False):
            yield failed("probe", "the application has failed", "The reason stands above; `textcnn logs` has the rest.")
        else:
            yield from map(_finding, from_json(storage.read(storage.join(out, PROBE))))
    finally:
        storage.remove(out)


def _finding(probed: Probed) -> Finding:
    if probed.traceback is None:
        return ok(probed.what, probed.found)
    return replace(failed(probed.what, probed.found, REMEDIES.get(probed.what)), traceback=probed.traceback)
