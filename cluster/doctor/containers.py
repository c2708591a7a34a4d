"""YARN: whether the launch's containers can ever start, and whether they can now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cluster.doctor.capacity import GPU, Capacity, Node
from cluster.doctor.finding import Finding, failed, guarded, ok, warning
from run.profile import Profile
from run.resources import ResourceRequest, Resources, counted

SHOWN_QUEUES = 10
SMALLER = "Lower cores, executor_memory_mb or memory_overhead_mb in the profile"
SMALLER_DRIVER = "Lower driver_memory_mb or driver_memory_overhead_mb in the profile"


def findings(profile: Profile, name: str, request: ResourceRequest, capacity: Capacity) -> Iterator[Finding]:
    """Holds what a launch asks for against what there is.

    Args:
        profile: where to run.
        name: of the queue.
        request: what is asked for.
        capacity: what there is.
    """
    yield from queue(name, capacity)
    if not (yield from guarded("nodes", nodes(profile, capacity))):
        return
    enough = not request.gpus or (yield from guarded("GPUs", gpus(request, capacity, profile)))
    executor = request.executor if enough else replace(request.executor, gpus=0)
    yield from room(request, executor, capacity, profile)


def queue(name: str, capacity: Capacity) -> Iterator[Finding]:
    """The queue is there and takes applications."""
    if capacity.queue is None:
        known = ", ".join(capacity.queues[:SHOWN_QUEUES]) + (", …" if len(capacity.queues) > SHOWN_QUEUES else "")
        yield failed("queue", f"YARN has no queue {name!r}", f"Set queue in the profile to one of {known}.")
    elif capacity.queue.state != "RUNNING":
        remedy = "Set another queue in the profile, or ask the cluster's administrators."
        yield failed("queue", f"{name} is {capacity.queue.state}", remedy)
    else:
        free = f", {capacity.queue.free} free" if capacity.queue.free else ""
        yield ok("queue", f"{name}, {100 * capacity.queue.used:.0f} % of its capacity used{free}")


def nodes(profile: Profile, capacity: Capacity) -> Iterator[Finding]:
    """There are nodes for executors."""
    there = _open_to(profile, capacity)
    if there:
        largest = max(there, key=lambda node: (node.whole.memory_mb, node.whole.cores, node.whole.gpus)).whole
        yield ok("nodes", f"{counted(len(there), 'node')}, the largest with {largest}")
    elif capacity.nodes:
        labels = ", ".join(sorted(set().union(*(node.labels for node in capacity.nodes)))) or "none"
        remedy = f"Set node_label in the profile to a label of running nodes: {labels}."
        yield failed("nodes", f"none is running that has the label {profile.node_label!r}", remedy)
    else:
        yield failed("nodes", "none is running", "See `yarn node -list -all`, and the logs of the NodeManagers.")


def gpus(request: ResourceRequest, capacity: Capacity, profile: Profile) -> Iterator[Finding]:
    """YARN counts enough GPUs."""
    if not capacity.counts_gpus:
        remedy = "Copy the cluster's resource-types.xml to HADOOP_CONF_DIR."
        yield failed("GPUs", f"{GPU} is not known here, as no resource-types.xml names it", remedy)
        return
    there = [node.whole.gpus for node in _open_to(profile, capacity)]
    found = f"{sum(there)} on {counted(sum(map(bool, there)), 'node')}, {request.executors} × {request.gpus} needed"
    if sum(number // request.gpus for number in there) >= request.executors:
        yield ok("GPUs", found)
    else:
        remedy = f"Lower workers or gpus in the profile, or have the nodes count their GPUs as {GPU}."
        yield failed("GPUs", found, remedy)


def room(request: ResourceRequest, executor: Resources, capacity: Capacity, profile: Profile) -> Iterator[Finding]:
    """The containers fit: each one, all on an idle cluster, all now.

    Args:
        request: what is asked for.
        executor: an executor's container, without GPUs where they are missing anyway.
        capacity: what there is.
        profile: where to run.
    """
    driver = "driver" if profile.deploy_mode == "cluster" else "application master"
    each = [
        _fit("executor", executor, capacity.largest, _open_to(profile, capacity), SMALLER),
        _fit(driver, request.driver, capacity.largest, capacity.nodes, SMALLER_DRIVER),
    ]
    yield from each
    if any(finding.verdict == "failed" for finding in each):
        return
    found = f"{counted(request.executors, 'executor')} and the {driver}"
    idle = _executors([(n.whole, n.takes(profile.node_label)) for n in capacity.nodes], executor, request.driver)
    now = _executors([(n.free, n.takes(profile.node_label)) for n in capacity.nodes], executor, request.driver)
    if capacity.queue is not None and capacity.queue.free is not None:
        now = min(now, (capacity.queue.free - request.driver).times(replace(executor, gpus=0)))
    if idle < request.executors:
        yield failed(
            "room",
            f"{found}: even idle, the nodes have room for {counted(idle, 'executor')}",
            f"{SMALLER}, or workers.",
        )
    elif now < request.executors:
        remedy = f"Wait, lower workers, or raise start_timeout_s in the profile above {profile.start_timeout_s}."
        yield warning("room", f"{found}: there is room for {counted(now, 'executor')} now", remedy)
    else:
        yield ok("room", f"{found}: there is room now")


def _open_to(profile: Profile, capacity: Capacity) -> list[Node]:
    """The nodes that executors may run on."""
    return [node for node in capacity.nodes if node.takes(profile.node_label)]


def _fit(what: str, container: Resources, largest: Resources, nodes: Iterable[Node], remedy: str) -> Finding:
    """Whether one container can ever start."""
    if not largest.times(container):
        return failed(what, f"{container}: YARN grants a container at most {largest}", f"{remedy}.")
    if not any(node.whole.times(container) for node in nodes):
        return failed(what, f"{container}: no node for it is as large", f"{remedy}.")
    return ok(what, str(container))


def _executors(nodes: Sequence[tuple[Resources, bool]], executor: Resources, driver: Resources) -> int:
    """How many executors there is room for beside a driver, on the node where it costs the fewest of them.

    Args:
        nodes: what each has, and whether executors may run there.
        executor: the container of one.
        driver: its container.
    """
    alone = sum(there.times(executor) for there, takes in nodes if takes)
    costs = [
        takes * (there.times(executor) - (there - driver).times(executor))
        for there, takes in nodes
        if there.times(driver)
    ]
    return alone - min(costs) if costs else 0
