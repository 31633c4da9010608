"""Training of the network that counts containers and hulls at 3 to 10 m a pixel."""
