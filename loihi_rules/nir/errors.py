"""What is wrong with a NIR file or graph, in one line for its user."""


class NirError(ValueError):
    """A NIR graph that cannot be used, with the node and a way out."""
