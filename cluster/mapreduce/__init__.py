"""MapReduce from the gateway: Hadoop Streaming's jobs on YARN, and what their containers need."""
