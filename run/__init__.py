"""A run as all its machines know it: file, profile, events, folder, result. No Spark, no TensorFlow."""
