"""A stream's input is a folder, a socket or a topic, as its name says."""

import pytest

from engines.flink.stream.places import Folder, Place, Socket, Topic, place_of
from run.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("/data/comments", Folder("/data/comments")),
        ("kafka", Folder("kafka")),
        ("hdfs:///data", Folder("hdfs:///data")),
        ("socket://news.example:9999", Socket("news.example", 9999)),
        ("socket://[::1]:80", Socket("::1", 80)),
        ("kafka://a:9092/comments", Topic("a:9092", "comments")),
        ("kafka://a:9092,b.example:9093/shop.comments_2-x", Topic("a:9092,b.example:9093", "shop.comments_2-x")),
    ],
)
def test_a_name_says_what_is_read(name: str, place: Place) -> None:
    assert place_of(name) == place


@pytest.mark.parametrize(
    "name", ["socket://host", "socket://host:port", "socket:9999", "kafka://a:9092", "kafka://a/t", "kafka://a:1/评论"]
)
def test_what_is_no_name_of_a_socket_or_a_topic_is_no_folder(name: str) -> None:
    with pytest.raises(SettingsError, match="socket://HOST:PORT"):
        place_of(name)
