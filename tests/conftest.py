"""Settings of all tests."""

from hypothesis import settings

# How long an example takes says more of what else the machine does than of the code; what has to be quick has a
# test of its own, by the processor's time.
settings.register_profile("chainrule", deadline=None)
settings.load_profile("chainrule")
