"""The errors of storage, and what to do about what local disks and HDFS say."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from run.errors import ExplainedError


class StorageError(ExplainedError):
    """A file or a folder cannot be read or written; the message says which, why, and what to do."""


class OutageError(StorageError):
    """HDFS does not take it now, and may again soon."""


class UnreachableError(OutageError):
    """HDFS does not answer; asking once more, for instance to clean up, would wait in vain again."""


_REMEDIES = (
    (
        r"AccessControlException|AuthorizationException|Permission denied",
        "Choose a place that you may use, or ask its owner for the permission.",
    ),
    (
        "No NameNode hosts found",
        "Set HADOOP_CONF_DIR to the folder whose hdfs-site.xml names the NameNodes of this nameservice, or write "
        "hdfs://host:port/path.",
    ),
    (
        r"No fs\.defaultFS setting",
        "Set HADOOP_CONF_DIR to the folder whose core-site.xml has fs.defaultFS, or write hdfs://host:port/path.",
    ),
    ("SASL|GSSAPI", "Get a Kerberos ticket (kinit), or use --principal and --keytab."),
    ("No space left on device", "Remove what is not needed on that disk, or choose a place on another."),
)

_OUTAGES = (
    (
        "SafeModeException",
        "HDFS is in safe mode: wait until it has left it (hdfs dfsadmin -safemode wait), and ask its administrator if "
        "it does not.",
    ),
    ("QuotaExceeded", "Remove what is not needed there, or ask for a larger quota."),
    (
        "could only be written to 0 of|DataTransferError",
        "HDFS has no DataNode with room, or one has gone: see hdfs dfsadmin -report.",
    ),
)

_UNREACHABLE = (
    ("Connection refused", "Is the NameNode running, and is this its RPC port (see fs.defaultFS in core-site.xml)?"),
    (
        "lookup address|Name or service not known",
        "There is no such host: correct the URI, or the Hadoop configuration in HADOOP_CONF_DIR.",
    ),
    ("no answer in|timed? ?out", "Is HDFS healthy (hdfs dfsadmin -report), and can this machine reach all of it?"),
    ("StandbyException", "None of the NameNodes is active: see hdfs haadmin -getAllServiceState."),
    (
        "Connection (reset|aborted)|RPC listener disconnected",
        "A daemon of HDFS has gone: see hdfs dfsadmin -report, and its log.",
    ),
)

_RPC_ERROR = re.compile(r'\w+\("(?P<kind>[\w.$]+)", "(?P<message>.*?)(?:\\n.*)?"\)', re.DOTALL)


@contextmanager
def explained(participle: str, uri: str) -> Iterator[None]:
    """Makes what the storages raise an error that says what has failed, why, and what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        text = f"{type(error).__name__} {error}"
        problem = f"{uri} cannot be {participle}: {_reason(error).rstrip('.')}."
        for kind, remedies in ((UnreachableError, _UNREACHABLE), (OutageError, _OUTAGES), (StorageError, _REMEDIES)):
            for pattern, remedy in remedies:
                if re.search(pattern, text, re.IGNORECASE):
                    raise kind(problem, remedy) from error
        raise StorageError(problem) from error


def _reason(error: OSError | RuntimeError) -> str:
    """What an error says, without the NameNode's stack."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if match := _RPC_ERROR.fullmatch(str(error)):
        kind, message = match["kind"].rpartition(".")[2], match["message"].replace('\\"', '"')
        return message if kind == "AccessControlException" else f"{kind}: {message}"  # which says it itself
    return str(error).partition("\n")[0]
