"""Cases whose truth is known, published or simulated: what the engine of events makes of them."""
