"""A network's forward, cost, backward and update as standalone NumPy code, written from its graph."""
