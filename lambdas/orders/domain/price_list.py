"""The price list that orders are priced from: never the client's prices.

Packaged as code so that placing an order reads nothing; a new price is a deployment.
"""

from dataclasses import dataclass

CURRENCIES = ("EUR", "GBP", "USD")


@dataclass(frozen=True, slots=True)
class Product:
    """A thing that is sold. Prices are integer minor units by ISO 4217 code; weight in grams."""

    name: str
    weight_grams: int
    prices: dict[str, int]


PRODUCTS: dict[str, Product] = {
    "MUG-BLUE": Product("Blue mug", 380, {"EUR": 1290, "GBP": 1090, "USD": 1390}),
    "MUG-RED": Product("Red mug", 380, {"EUR": 1290, "GBP": 1090, "USD": 1390}),
    "TEAPOT-IRON": Product("Cast-iron teapot", 1650, {"EUR": 5490, "GBP": 4790, "USD": 5990}),
    "TEA-ASSAM": Product("Assam, 250 g", 270, {"EUR": 890, "GBP": 790, "USD": 990}),
    "TEA-SENCHA": Product("Sencha, 100 g", 120, {"EUR": 1190, "GBP": 990, "USD": 1290}),
    "KETTLE-STEEL": Product("Steel kettle", 1200, {"EUR": 4590, "GBP": 3990, "USD": 4990}),
    "TABLE-OAK": Product("Oak tea table", 14500, {"EUR": 24900, "GBP": 21900, "USD": 26900}),
}
