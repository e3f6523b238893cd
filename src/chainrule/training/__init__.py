"""Training: optimizers and schedules, the descent, the loop over epochs, and what it records."""
