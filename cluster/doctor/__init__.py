"""`textcnn doctor`: what would stop a launch, found before it, each with its remedy."""
