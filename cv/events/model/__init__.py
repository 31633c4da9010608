"""The statistical model of a pier: a hidden Markov model of ships and cargo."""
