"""The one exception for everything that the user can put right."""


class InputError(ValueError):
    """An input, a setting or the weight file cannot be used; the message is one sentence that says what to do."""

    def __init__(self, message: str):
        super().__init__(one_line(message))


class Diverged(InputError):
    """The optimisation has diverged; the last good image is kept."""


def one_line(text: object) -> str:
    """Return a text with its control characters escaped, such as a line feed in a file's name."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
