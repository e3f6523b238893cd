"""What is known of a model or a run: in words, as data, as a drawing and as its compiled program."""
