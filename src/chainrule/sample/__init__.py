"""The built-in sample: pictures of cartoon dogs and of other things, drawn on the spot."""
