"""The inputs and word lists of a run file, named as every node does."""

from dataclasses import replace

from cluster.yarn import uris
from run.config import RunConfig


def on_hdfs(config: RunConfig, principal: str | None) -> RunConfig:
    """Returns a run whose paths are hdfs:// URIs.

    Args:
        config: paths are on HDFS, from the user's home where they are relative.
        principal: Kerberos's, which names the user.

    Raises:
        LaunchError: one is on another file system.
    """

    def place(name: str | None) -> str | None:
        return name if name is None else uris.on_hdfs(name, principal)

    data, text = config.data, config.text
    inputs = replace(
        data,
        input=place(data.input),
        train=place(data.train),
        validation=place(data.validation),
        test=place(data.test),
    )
    lists = replace(text, user_dictionary=place(text.user_dictionary), stop_words=place(text.stop_words))
    return replace(config, data=inputs, text=lists)
