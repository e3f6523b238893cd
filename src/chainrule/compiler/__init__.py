"""From a graph to a program: a short list of instructions that a machine without knowledge of graphs can run."""
