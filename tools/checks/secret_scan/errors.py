"""Why a scan cannot be trusted."""


class ScanError(Exception):
    """Something could not be read, or an exception to the rules no longer applies."""
