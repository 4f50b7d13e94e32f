"""The one exception for everything that the user can put right."""


class InputError(ValueError):
    """An input, a setting or the weight file cannot be used; the message says in one sentence what to do."""
