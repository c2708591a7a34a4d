"""What runs in an executor's TensorFlow process, or on a laptop: text, blocks, model, training, export."""
