"""What is wrong with a NIR file or graph, in one line for its user."""

LONGEST = 500  # characters


class NirError(ValueError):
    """A NIR graph that cannot be used, with the node and a way out.

    Names in it are of a file, so that the text is made a line, not endless, and without characters
    that a terminal would obey.
    """

    def __init__(self, text: str):
        line = "".join(c if c.isprintable() else " " * (c in "\n\t") for c in text)
        super().__init__(line if len(line) <= LONGEST else line[: LONGEST - 1] + "…")
