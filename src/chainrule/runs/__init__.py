"""The main job: from a folder of labelled pictures to a run folder with model, figures and report."""
