"""`textcnn stream`: a job of Flink that classifies texts as they arrive; its process, its rows, its functions."""
