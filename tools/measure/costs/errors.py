"""What can go wrong when costs are reckoned."""


class CostError(Exception):
    """The base of all of these."""


class PriceListError(CostError):
    """The list of prices or assumptions is not as it must be; the text names the entry."""


class UnpricedProperty(CostError):
    """A resource is set up in a way that the reckoning has no price for."""


class MeasurementError(CostError):
    """The orders that were to be counted did not go through."""
