"""What runs on the gateway before a job: profiles and the spark-submit command."""
