"""A prepared corpus: documents that are split, encoded and counted once, in a folder that any engine may have written.

An engine carries records; what happens to each stands here, and the folder is the same whichever engine carried them,
in however many pieces. docs/preparing.md describes the folder and the order in which an engine calls this package.
"""
