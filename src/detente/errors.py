"""The exceptions, by what the reader must do about them."""


class DetenteError(Exception):
    """Any error that detente raises on purpose; the message says where, what was found, what was expected."""


class InputError(DetenteError):
    """The input must be mended: a file, a line, an argument."""


class CodebookError(DetenteError):
    """A codebook or actor file must be mended."""


class SettingsError(DetenteError):
    """A setting or flag must be changed."""


class MissingExtraError(DetenteError):
    """Something must be installed; the message has the line to type."""


class StoreError(DetenteError):
    """The event store cannot be used as it is: it is missing, newer than this detente, locked, or something else."""


class ChangedError(StoreError):
    """What was to be changed is not as it was when it was read: look at it again, then decide."""
