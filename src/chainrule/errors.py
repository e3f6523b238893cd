"""The two kinds of failure a person can meet."""


class UserError(ValueError):
    """What was asked or given cannot be used: the message says what, what was expected, and what to do.

    The command line prints the message without a traceback and exits with code 2.

    Example:
        >>> import chainrule as cr
        >>> cr.points("cirle")
        Traceback (most recent call last):
        chainrule.errors.UserError: there is no set of points called 'cirle'; there are ...
    """


class WorkFailed(RuntimeError):
    """The request was sound but the work could not be done (a full disk, a cost that overflows).

    The command line prints the message without a traceback and exits with code 1.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=1)
        >>> model.save("no/such/folder/model.safetensors")
        Traceback (most recent call last):
        chainrule.errors.WorkFailed: ...
    """
