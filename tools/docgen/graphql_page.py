"""docs/graphql.md and the types of a client, made from the GraphQL schema."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from contracts.schemas import GIVEN_BY_APPSYNC
from tools.base.workspace import CHECKOUT

SCHEMA = CHECKOUT / "contracts" / "graphql" / "orders.graphql"
TYPES = SCHEMA.with_suffix(".ts")
PAGE = CHECKOUT / "docs" / "graphql.md"
ROOTS = ("Query", "Subscription")
OURS = "Mutation"
"""For this system's own bus: no caller may use it."""
SCALARS = {
    "ID": "string",
    "String": "string",
    "AWSDateTime": "string",
    "Int": "number",
    "Float": "number",
    "Boolean": "boolean",
}
ABOUT = """# Orders by GraphQL

One request answers what a screen needs: an order, its lines, its history, a list. Written by `make generate` from [`contracts/graphql/orders.graphql`](../contracts/graphql/orders.graphql), which any GraphQL tool reads; [`orders.ts`](../contracts/graphql/orders.ts) has the types of what is answered, for a client in TypeScript. Introspection is off in production.

- **Where**: `POST` to the stack's output `Api`, or to the address in the parameter `/.../order-graph/graphql-url`; subscriptions go to its realtime address, by AppSync's own protocol.
- **Who**: an access token of the user pool with the scope `orders/read`, in `Authorization`. You see your own orders, and no others.
- **How much**: five levels and fifty resolvers a request. More is refused whole.
- **What fails**: a field that cannot be read is null, and `errors` says so with its `path` and one of the types *NotYet* (ask again in a second), *NotFound*, *InvalidRequest*, *Unavailable*, *Unauthorized*. The other fields are answered.

```graphql
query Order($id: ID!) {
  me {
    order(id: $id) {
      status total currency
      lines { sku quantity }
      history { type occurredAt }
    }
  }
}

subscription Changes($id: ID!) {
  orderChanged(id: $id) { id version type occurredAt }
}
```

Offline `make run` answers queries; the emulator sends nothing to subscribers ([parity.md](parity.md)).
"""  # noqa: E501
EXAMPLES = ABOUT.partition("```graphql\n")[2].partition("```")[0]


def schema() -> GraphQLSchema:
    """As callers know it, with what AppSync itself brings."""
    return build_schema(GIVEN_BY_APPSYNC + SCHEMA.read_text("utf-8"))


def page() -> str:
    """What the page should hold."""
    parts = [ABOUT]
    for type in _types(schema()):
        parts.append(f"\n## {type.name}\n")
        if type.description:
            parts.append(f"{' '.join(type.description.split())}\n")
        parts.append("\n".join(_rows(type)) + "\n")
    return "\n".join(parts)


def types() -> str:
    """What the file of types should hold."""
    lines = ["// Written by `make generate` from orders.graphql: what is answered, field by field."]
    for type in _types(schema()):
        lines.append("")
        if isinstance(type, GraphQLEnumType):
            lines.append(f"export type {type.name} = {' | '.join(map(_quoted, type.values))};")
        elif isinstance(type, GraphQLObjectType):
            lines.append(f"export interface {type.name} {{")
            lines += [f"  {name}: {_written(it.type)};" for name, it in type.fields.items()]
            lines.append("}")
    return "\n".join(lines) + "\n"


def write() -> None:
    """Both files."""
    PAGE.write_text(page(), "utf-8")
    TYPES.write_text(types(), "utf-8")


def are_fresh() -> bool:
    """Whether both are what the schema gives."""
    found = (PAGE.read_text("utf-8"), TYPES.read_text("utf-8"))
    return found == (page(), types())


def _types(of: GraphQLSchema) -> list[GraphQLNamedType]:
    own = [it for name, it in of.type_map.items() if _is_told(name, it)]
    return sorted(own, key=lambda it: it.name not in ROOTS)


def _is_told(name: str, type: GraphQLNamedType) -> bool:
    is_ours = name == OURS or name.startswith("__")
    return not is_ours and isinstance(type, GraphQLObjectType | GraphQLEnumType)


def _rows(type: GraphQLNamedType) -> Iterator[str]:
    if isinstance(type, GraphQLEnumType):
        yield ", ".join(f"`{it}`" for it in type.values)
    if isinstance(type, GraphQLObjectType):
        yield "| field | type | |"
        yield "| --- | --- | --- |"
        for name, field in type.fields.items():
            what = " ".join((field.description or "").split())
            yield f"| `{name}{_arguments(field)}` | `{field.type}` | {what} |"


def _arguments(field: GraphQLField) -> str:
    return (
        f"({', '.join(f'{name}: {it.type}' for name, it in field.args.items())})"
        if (field.args)
        else ""
    )


def _written(type: object, *, may_be_null: bool = True) -> str:
    if isinstance(type, GraphQLNonNull):
        return _written(type.of_type, may_be_null=False)
    if isinstance(type, GraphQLList):
        text = f"Array<{_written(type.of_type)}>"
    else:
        text = SCALARS.get(str(type), str(type))
    return f"{text} | null" if may_be_null else text


def _quoted(text: str) -> str:
    return f'"{text}"'
