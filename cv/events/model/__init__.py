"""The statistical model of a pier: ships at its berth, and what moves its containers.

Ships. The berth is in one of five hidden states z (`berth_state_model`: no ship in two stages, out
of use, a ship in two stages), a continuous-time Markov chain with rate matrix Q. Over d days

    P(z' = j | z = i) = [exp(Q d)]_ij,

split exactly into paths without a ship, without a new arrival, and all paths, by setting the rates
that leave the permitted paths to zero (the diagonal keeps them as loss).

Evidence on ships. The hulls of an image have a likelihood ratio, a ship to none, by the detector's
score and how it works at this berth (`hull_evidence`). Hulls that are there for weeks are part of
the berth (`standing_hulls`). The change of the containers from one count to the next has another
(`cargo_changes`): the density of the change with a ship in between over that without one,

    p(change | ship) / p(change | no ship),   each a mixture of causes,

bounded, so that counts never outvote a hull that is certain. To the state belongs a mark, whether a
ship has been there since the last count, so that this ratio meets the paths that it is about.

Inference. The forward filter and the backward pass (`berth_filter`) give

    P(z_t, mark_t | all observations) = alpha_t beta_t

(forward-backward algorithm: Rabiner 1989, "A Tutorial on Hidden Markov Models").

Habits. How often ships call, how long they stay, how well the detector sees them and how cargo
moves (`parameters`) is learned from the pier's own record, in a few rounds of expectation
maximization with wide priors (`posterior`). The piers of a site exchange one message each
(`pier_coupling`).

Number of containers. Where containers probably stayed as they were, counts are averaged, else the
number starts anew (`level_filter`). Daily numbers come from a local level model with a Kalman
filter and a Rauch-Tung-Striebel smoother (`level_smoother`).
"""
