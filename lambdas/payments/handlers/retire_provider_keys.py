"""Revokes the provider's keys that a rotation has left behind, once nobody can be using them."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from botocore.exceptions import ClientError

from payments.adapters.provider_key import KeyDocument
from payments.adapters.provider_keys import ProviderKeys
from payments.environment import RetirementEnvironment
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.rotation import PENDING
from shared.runtime.secrets import CURRENT
from shared.runtime.tracing.invocations import invocation


class Request(msgspec.Struct, frozen=True):
    """For how many seconds the secret has to have been as it is, and a key to have been there.

    More than a worker keeps the secret, so that the key which goes is in nobody's hands.
    """

    after_seconds: Annotated[float, msgspec.Meta(ge=0)]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """``{revoked, valid}``: how many keys were revoked, and how many the provider accepts now.

    What is valid is the provider's word, and what is needed the secret's: whatever a rotation that
    died between the two has left is found as well, and doing it again changes nothing. While the
    secret holds a made-up key there is nothing to revoke.
    """
    after_seconds = msgspec.convert(event, Request).after_seconds
    environment = load(RetirementEnvironment)
    client, arn = aws.client("secretsmanager"), environment.provider_key_secret_arn
    provider = ProviderKeys(environment.provider_url)
    newest = time.time() - after_seconds
    changed = client.describe_secret(SecretId=arn)["LastChangedDate"].timestamp()

    current, *others = _held(client, arn)
    if current.made_up:
        log.info("nothing to revoke: the provider's first key has not been put in")
        return {"revoked": 0, "valid": 0}
    known = provider.valid(current.api_key)
    needed = {known.current, *(provider.valid(key.api_key).current for key in others)}
    old = [it.id for it in known.keys if it.id not in needed and it.issued_at <= newest]
    if changed > newest:
        old = []
    for key_id in old:
        provider.revoke(current.api_key, key_id)
        log.info("a key of the provider was revoked", key_id=key_id)
    return {"revoked": len(old), "valid": len(known.keys) - len(old)}


def _held(client: Any, arn: str) -> Iterator[KeyDocument]:
    """The key in force, and the one that a rotation under way is about to put in force."""
    for stage in (CURRENT, PENDING):
        try:
            value = client.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
        except ClientError as failure:
            if (
                stage == PENDING
                and failure.response["Error"]["Code"] == "ResourceNotFoundException"
            ):
                return
            raise
        yield msgspec.json.decode(value, type=KeyDocument)
