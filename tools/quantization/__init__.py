"""8-bit models: ranges of tensors, what stays in float, and how far the counts differ."""
