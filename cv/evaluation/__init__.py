"""How good a detector is: detections against labels."""
