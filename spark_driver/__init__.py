"""What runs in the Spark driver and in its tasks: read, prepare, feed, watch, record."""
