"""`make bench`: what a connect costs, in exchanges, bytes, heap and time."""
