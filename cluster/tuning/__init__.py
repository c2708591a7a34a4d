"""Looks for the best settings of a run file: trials as runs, chosen by Optuna."""
