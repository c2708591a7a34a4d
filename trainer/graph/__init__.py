"""The preparation of a text inside a TensorFlow graph: the same tokens as `text` gives, with no Python beside it."""
