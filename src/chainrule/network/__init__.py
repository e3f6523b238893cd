"""Networks: layers, activations, initializers and losses, all of which build expressions."""
