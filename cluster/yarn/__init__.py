"""A run on YARN: what its nodes need, its command, its application, and how it goes."""
