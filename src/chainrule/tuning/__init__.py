"""Searching the settings of a run: trainings, judged on the validation pictures, and one run with the best."""
