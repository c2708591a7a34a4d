"""Launches a run on YARN: puts there what the nodes need, submits the application, and follows it to its end."""

import os
from contextlib import nullcontext
from dataclasses import replace

from rich.console import Console

import storage
from cluster.spark_submit import Launch, spark_home, terminal
from cluster.yarn import artifacts
from cluster.yarn.command import command
from cluster.yarn.follow import follow
from cluster.yarn.uris import on_hdfs
from run import folder
from run.profile import Profile
from run.terminal import Terminal


def run(profile: Profile, launch: Launch, dry_run: bool) -> int:
    """Runs a launch to its end, or prints its command; returns the exit status of the run.

    Raises:
        LaunchError: it is not said which YARN, or there is no Spark.
        StorageError: a folder on HDFS cannot be written.
        YarnError: YARN does not kill the application after a signal.
    """
    out, staging = on_hdfs(launch.out, profile.principal), on_hdfs(profile.staging, profile.principal)
    needed = artifacts.of(profile, spark_home())
    name = folder.new_run()
    options = launch.options if dry_run else (*launch.options, "--run", name)  # a printed command may be run twice
    submitted = command(profile, replace(launch, out=out, options=options), needed, staging)
    if dry_run:
        print(submitted)
        return 0
    storage.check_writable(out)
    shown = Terminal(Console(stderr=True))
    for upload in artifacts.put(needed, staging):
        shown.say(str(upload))
    in_cluster = submitted.properties["spark.submit.deployMode"] == "cluster"
    environment = {**os.environ, **submitted.environment, **terminal()}
    with shown if in_cluster else nullcontext():  # a driver that runs here has the terminal
        return follow(submitted.argv(), environment, out, name, shown, in_cluster)
