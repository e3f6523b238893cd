"""How good a model is: figures, curves, intervals, and the page that reports them."""
