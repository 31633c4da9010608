"""One kind of finding per module, each derived from the posterior of a pier."""
