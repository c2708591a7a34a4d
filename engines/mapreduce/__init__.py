"""MapReduce: the tasks of Hadoop Streaming, and what puts their results together."""
