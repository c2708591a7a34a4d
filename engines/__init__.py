"""Engines that prepare a corpus beside Spark: what their nodes run, and what drives them."""
