"""HDFS and YARN on one machine, as separate daemons, for development, tests and a first look."""
