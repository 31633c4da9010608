"""Cases whose truth is known, published or simulated: what the engine of events concludes of them."""
