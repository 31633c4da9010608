"""The statistical model of a pier: a hidden Markov model of ships and cargo.

Hidden at each observation t are a discrete state z (`berth_state_model`: no ship in two stages,
cargo gathering, a ship in two stages, halted) and the number of containers x on the pier.

State. z is a continuous-time Markov chain with rate matrix Q. Over a gap of d days

    P(z' = j | z = i) = [exp(Q d)]_ij,

split exactly into paths without a ship, without a new arrival, and all paths, by setting the rates
that leave the permitted paths to zero (the diagonal keeps them as loss).

Containers. Given the path, x' follows a mixture of linear Gaussian components c (`transitions`):

    mean' = a_c mean + b_c,    variance' = s_c variance + (f_c mean + g_c)^2.

Observations. A container count y with error variance r has the likelihood

    p(y | x) = (1 - e) N(y; x, r) + e / (1.5 load + y),    e = 0.02 for counts without information,

and a hull count a likelihood ratio for "a ship is there" (`observations`).

Inference. The forward filter (`forward_filter`) keeps for each state i its probability alpha_t(i)
and one Gaussian of x:

    W_t(i, j) = sum_c P(path, c | i, j) p(y_t | i, c) p(hulls_t | j),    alpha_t ~ alpha_t-1 W_t,

where the components of each state are merged by moment matching (second-order generalized
pseudo-Bayesian filter: Murphy 1998, "Switching Kalman Filters"). The backward pass (`posterior`) is
exact for the weights W of the filter:

    beta_t = W_t+1 beta_t+1,    P(z_t = i | all observations) = alpha_t(i) beta_t(i)

(forward-backward algorithm: Rabiner 1989, "A Tutorial on Hidden Markov Models"). The piers of a
site exchange one message each (`pier_coupling`).

Daily numbers of containers come from a second, simpler model, a local level model with a Kalman
filter and a Rauch-Tung-Striebel smoother (`level_smoother`).
"""
