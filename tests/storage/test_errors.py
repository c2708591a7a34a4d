"""What HDFS says of an outage is known as one, so that it is waited for."""

import pytest

from storage import OutageError
from storage.errors import explained

NO_ROOM = "IOException: File /model could only be written to 0 of the 1 minReplication nodes."


@pytest.mark.parametrize(
    "said",
    [
        'DataTransferError("Datanode connection closed while waiting for ack")',
        f'RPCError("java.io.IOException", "{NO_ROOM}\\nat org.apache.hadoop")',
    ],
)
def test_a_data_node_without_room_or_that_has_gone_is_an_outage(said: str) -> None:
    with pytest.raises(OutageError, match=r"hdfs:///model cannot be written: .*hdfs dfsadmin -report"):  # noqa: SIM117
        with explained("written", "hdfs:///model"):
            raise RuntimeError(said)
