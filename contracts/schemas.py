"""Reads the messages' schemas and the APIs' documents: today's, and those of the last release."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
"""By file name, such as ``OrderPlaced.v1.schema.json``."""

HERE = Path(__file__).parent
CURRENT = HERE / "events"
RELEASED = HERE / "released"
APIS = HERE / "openapi"
RELEASED_APIS = RELEASED / "openapi"
GRAPHS = HERE / "graphql"
RELEASED_GRAPHS = RELEASED / "graphql"
GIVEN_BY_APPSYNC = """
scalar AWSDateTime
directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
directive @aws_iam on FIELD_DEFINITION | OBJECT
directive @aws_cognito_user_pools on FIELD_DEFINITION | OBJECT
"""
"""What AppSync itself brings to every GraphQL schema."""


def schemas_in(directory: Path) -> Schemas:
    """Every schema of a folder, by file name."""
    return {
        path.name: json.loads(path.read_text("utf-8"))
        for path in sorted(directory.glob("*.schema.json"))
    }


def graphs_in(directory: Path) -> Mapping[str, str]:
    """Every GraphQL schema of a folder, by file name."""
    return {path.name: path.read_text("utf-8") for path in sorted(directory.glob("*.graphql"))}


def documents_in(directory: Path) -> Schemas:
    """Every API's document of a folder, by file name."""
    return {
        path.name: json.loads(path.read_text("utf-8")) for path in sorted(directory.glob("*.json"))
    }
