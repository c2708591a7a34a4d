"""Flink: the functions of its tasks, and the jobs that they are put together in. Runs in an environment of its own."""
