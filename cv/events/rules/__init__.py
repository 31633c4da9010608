"""One kind of event per module, each derived from the posterior of a pier."""
