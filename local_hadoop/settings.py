"""Hadoop's configuration files for one machine, as functions of folders and ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from local_hadoop.ports import LOOPBACK, NodePorts, Ports

SUPERUSER = "hdfs"
"""HDFS's superuser is nobody on this machine, so that permissions hold for who starts the daemons."""

GPU = "yarn.io/gpu"

LOGS_FOLDER = "/tmp/logs"
"""Where YARN keeps the logs of containers that have ended, on HDFS."""

LOG4J = """\
hadoop.root.logger=WARN,console
log4j.rootLogger=${hadoop.root.logger}
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
# Hadoop's native library is not on Maven, and everything here works without it.
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
"""

Properties = Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the configuration of one machine's Hadoop depends on."""

    folder: Path
    user: str
    ports: Ports
    gpus: int = 0
    """GPUs that each of the first nodes says it has."""
    gpu_nodes: int = 0
    """How many nodes that is."""
    node_memory_mb: int = 8192
    node_vcores: int = 4
    mapreduce_jars: Path | None = None
    """What MapReduce's jobs run from; without it, YARN runs none."""
    preemption: bool = False
    """Whether there is a queue `urgent` too, whose half of the cluster is taken back from `default` when needed."""

    @property
    def default_fs(self) -> str:
        """HDFS's address."""
        return f"hdfs://{LOOPBACK}:{self.ports.masters.name_node}"

    @property
    def conf_dir(self) -> Path:
        """Configuration of clients, HDFS and the ResourceManager."""
        return self.folder / "conf" / "client"

    @property
    def temporary_dir(self) -> Path:
        """What daemons use in place of /tmp."""
        return self.folder / "tmp"

    def node_conf_dir(self, node: int) -> Path:
        """Configuration of one NodeManager."""
        return self.folder / "conf" / f"node-{node}"


def write_configuration(settings: Settings) -> None:
    """Writes every configuration folder, and makes the folders that Hadoop does not."""
    settings.temporary_dir.mkdir()
    (settings.folder / "logs").mkdir()
    _write(settings.conf_dir, shared_files(settings))
    for node in range(len(settings.ports.nodes)):
        _write(settings.node_conf_dir(node), node_files(settings, node))


def shared_files(settings: Settings) -> dict[str, str]:
    """Name and text of each file for clients, HDFS and the ResourceManager."""
    files = {
        "core-site.xml": to_xml(core_site(settings)),
        "hdfs-site.xml": to_xml(hdfs_site(settings)),
        "yarn-site.xml": to_xml(yarn_site(settings)),
        "capacity-scheduler.xml": to_xml(capacity_scheduler(settings.preemption)),
        "log4j.properties": LOG4J,
    }
    if settings.gpus:
        files["resource-types.xml"] = to_xml(resource_types())
    if settings.mapreduce_jars:
        files["mapred-site.xml"] = to_xml(mapred_site(settings.mapreduce_jars))
    return files


def node_files(settings: Settings, node: int) -> dict[str, str]:
    """Name and text of each file for one NodeManager."""
    files = shared_files(settings)
    files["yarn-site.xml"] = to_xml({**yarn_site(settings), **node_site(settings, node)})
    if settings.mapreduce_jars:
        # In this file, because MapReduce's defaults come after yarn-site.xml.
        shuffle = {"mapreduce.shuffle.port": settings.ports.nodes[node].shuffle}
        files["mapred-site.xml"] = to_xml({**mapred_site(settings.mapreduce_jars), **shuffle})
    if settings.gpus and node < settings.gpu_nodes:
        files["node-resources.xml"] = to_xml(node_resources(settings))
    return files


def core_site(settings: Settings) -> Properties:
    """Where HDFS is, and who is who."""
    return {
        "fs.defaultFS": settings.default_fs,
        "hadoop.tmp.dir": str(settings.temporary_dir),
        # The superuser has no account, so its groups are not asked from the system.
        "hadoop.user.group.static.mapping.overrides": f"{SUPERUSER}=supergroup",
        # Web pages and REST act as who started the daemons.
        "hadoop.http.staticuser.user": settings.user,
    }


def hdfs_site(settings: Settings) -> Properties:
    """HDFS: one copy of everything, on this machine alone, with permissions."""
    ports = settings.ports.masters
    return {
        "dfs.replication": 1,
        "dfs.permissions.enabled": "true",
        "dfs.namenode.name.dir": (settings.folder / "data" / "name-node").as_uri(),
        "dfs.datanode.data.dir": (settings.folder / "data" / "data-node").as_uri(),
        "dfs.namenode.rpc-address": f"{LOOPBACK}:{ports.name_node}",
        "dfs.namenode.http-address": f"{LOOPBACK}:{ports.name_node_web}",
        # 127.0.0.1 need not have a name.
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.datanode.hostname": LOOPBACK,
        "dfs.datanode.address": f"{LOOPBACK}:{ports.data_node}",
        "dfs.datanode.ipc.address": f"{LOOPBACK}:{ports.data_node_ipc}",
        "dfs.datanode.http.address": f"{LOOPBACK}:{ports.data_node_web}",
    }


def yarn_site(settings: Settings) -> Properties:
    """YARN: what clients, the ResourceManager and all NodeManagers share."""
    ports = settings.ports.masters
    return {
        "yarn.resourcemanager.hostname": LOOPBACK,
        "yarn.resourcemanager.address": f"{LOOPBACK}:{ports.resource_manager}",
        "yarn.resourcemanager.scheduler.address": f"{LOOPBACK}:{ports.resource_manager_scheduler}",
        "yarn.resourcemanager.resource-tracker.address": f"{LOOPBACK}:{ports.resource_manager_tracker}",
        "yarn.resourcemanager.admin.address": f"{LOOPBACK}:{ports.resource_manager_admin}",
        "yarn.resourcemanager.webapp.address": f"{LOOPBACK}:{ports.resource_manager_web}",
        # Containers are granted on heartbeats and NodeManagers start before the ResourceManager listens:
        # the defaults of 1 s and 30 s make small jobs wait.
        "yarn.resourcemanager.nodemanagers.heartbeat-interval-ms": 250,
        "yarn.resourcemanager.connect.retry-interval.ms": 500,
        # A node that says nothing is lost after a minute; the default is ten.
        "yarn.nm.liveness-monitor.expiry-interval-ms": 60_000,
        # Requests are rounded up to multiples of the minimum.
        "yarn.scheduler.minimum-allocation-mb": 128,
        "yarn.scheduler.maximum-allocation-mb": settings.node_memory_mb,
        "yarn.scheduler.maximum-allocation-vcores": settings.node_vcores,
        # Else it writes to a folder in /tmp that all clusters of this user share.
        "yarn.node-attribute.fs-store.root-dir": (settings.temporary_dir / "node-attribute").as_uri(),
        "yarn.log-aggregation-enable": "true",
        "yarn.nodemanager.remote-app-log-dir": LOGS_FOLDER,
        **(preemption() if settings.preemption else {}),
    }


def preemption() -> Properties:
    """YARN: what a queue has above its share goes to one that is below its own, in seconds and all at once."""
    monitor = "yarn.resourcemanager.monitor.capacity.preemption"
    return {
        "yarn.resourcemanager.scheduler.monitor.enable": "true",
        f"{monitor}.monitoring_interval": 1000,
        f"{monitor}.max_wait_before_kill": 2000,
        f"{monitor}.total_preemption_per_round": "1.0",
        f"{monitor}.natural_termination_factor": "1.0",
        f"{monitor}.max_ignored_over_capacity": "0.0",
    }


def node_site(settings: Settings, node: int) -> Properties:
    """YARN: what is one NodeManager's own."""
    ports: NodePorts = settings.ports.nodes[node]
    own = settings.folder / f"node-{node}"
    return {
        "yarn.nodemanager.hostname": LOOPBACK,
        "yarn.nodemanager.address": f"{LOOPBACK}:{ports.manager}",
        "yarn.nodemanager.localizer.address": f"{LOOPBACK}:{ports.localizer}",
        "yarn.nodemanager.webapp.address": f"{LOOPBACK}:{ports.web}",
        "yarn.nodemanager.local-dirs": str(own / "local"),
        "yarn.nodemanager.log-dirs": str(own / "logs"),
        "yarn.nodemanager.resource.memory-mb": settings.node_memory_mb,
        "yarn.nodemanager.resource.cpu-vcores": settings.node_vcores,
        # A JVM reserves far more addresses than memory.
        "yarn.nodemanager.vmem-check-enabled": "false",
        # A developer's disk is often nearly full, and then YARN would take no container.
        "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": 100,
        "yarn.nodemanager.delete.debug-delay-sec": 0,
        # It hands the output of mappers to reducers, and listens at every address of the machine.
        **({"yarn.nodemanager.aux-services": "mapreduce_shuffle"} if settings.mapreduce_jars else {}),
    }


def mapred_site(jars: Path) -> Properties:
    """MapReduce, for its clients: jobs run on YARN."""
    return {
        "mapreduce.framework.name": "yarn",
        "mapreduce.application.classpath": str(jars / "*"),
        # There is no history server: clients would look for one at the default address when a job has ended.
        "mapreduce.jobhistory.address": "",
    }


def capacity_scheduler(preemption: bool) -> Properties:
    """Queues that count GPUs and vcores as well as memory."""
    scheduler = "yarn.scheduler.capacity"
    two_queues: Properties = {
        f"{scheduler}.root.queues": "default,urgent",
        f"{scheduler}.root.default.capacity": 50,
        f"{scheduler}.root.urgent.capacity": 50,
        # One user may have all that is there, not just the queue's share.
        f"{scheduler}.root.default.user-limit-factor": 2,
    }
    return {
        f"{scheduler}.resource-calculator": "org.apache.hadoop.yarn.util.resource.DominantResourceCalculator",
        f"{scheduler}.root.queues": "default",
        f"{scheduler}.root.default.capacity": 100,
        # The default of a tenth leaves no room for a Spark driver on a small cluster.
        f"{scheduler}.maximum-am-resource-percent": "0.5",
        **(two_queues if preemption else {}),
    }


def resource_types() -> Properties:
    """GPUs as a countable resource."""
    return {"yarn.resource-types": GPU}


def node_resources(settings: Settings) -> Properties:
    """GPUs of one node, counted without looking for any."""
    return {f"yarn.nodemanager.resource-type.{GPU}": settings.gpus}


def to_xml(properties: Properties) -> str:
    """A configuration file's text."""
    root = ElementTree.Element("configuration")
    for name, value in properties.items():
        entry = ElementTree.SubElement(root, "property")
        ElementTree.SubElement(entry, "name").text = name
        ElementTree.SubElement(entry, "value").text = str(value)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
