"""The two kinds of failure a person can meet."""


class UserError(ValueError):
    """What was asked or given cannot be used: the message says what, what was expected, and what to do.

    The command line prints the message without a traceback and exits with code 2.
    """


class WorkFailed(RuntimeError):
    """The request was sound but the work could not be done (a full disk, a cost that overflows).

    The command line prints the message without a traceback and exits with code 1.
    """
