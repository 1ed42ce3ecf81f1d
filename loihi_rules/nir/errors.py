"""What is wrong with a NIR file or graph, in one line for its user."""


class NirError(ValueError):
    """A NIR graph that cannot be used, with the node and a way out.

    Names in it are of a file, so that the text is made a line without characters that a terminal
    would obey.
    """

    def __init__(self, text: str):
        super().__init__("".join(c if c.isprintable() else " " * (c in "\n\t") for c in text))
