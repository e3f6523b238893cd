"""What a user's machine may do to a training and its files, many times over: `make torture` prints the counts.

The tests do some of each; this does all of it. Every part counts what it did and what came of it, and fails where
anything else came than should.
"""
