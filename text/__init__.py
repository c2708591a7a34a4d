"""From a row of the input to a block of token ids, the same under every engine. No Spark, no TensorFlow."""
