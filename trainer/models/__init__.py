"""The networks that a run can train, a file each; what the rest knows of them is in network.py."""
