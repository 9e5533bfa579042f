"""`make bench`: the cost of a connect in exchanges, bytes, heap and time."""
