"""Labels: what people drew on images, read from and written to the formats of labelling tools."""
