"""What AWS lacks in which partition, and what a deployment there names in its place.

A partition is a separate AWS: its ARNs, its domain and its accounts are its own. The table is what
is known without an account there: what the CDK and botocore list. Claimed is that the templates can
be synthesized for each of these partitions, no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

TOKEN_AUTHORIZER = "token_authorizer_arn"  # noqa: S105 - a key of the context
AGENT_LAYER = "configuration_agent_layer_arn"
MAIL = "mail"
ARCHIVE_REGION = "archive_region"
"""Keys of the context, by which a deployment says what it uses instead."""
GRAPHQL = "appsync"


class NotInThisRegion(Exception):
    """The system cannot be synthesized for a region; the message says what to name instead."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a partition does not have.

    ``service`` is botocore's name for it, or None if it is no service. The context's value of
    ``context_key`` names the alternative, and ``alternative`` says what belongs there.
    """

    what: str
    service: str | None
    context_key: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Partition:
    """``regions`` are those that the system can be synthesized for; None is any that AWS has.

    ``login_host`` is the part of a user pool's address that follows its prefix. ``left_out`` are
    services, by botocore's names, whose stacks are left out there: nothing takes their place.
    """

    regions: tuple[str, ...] | None
    lacks: tuple[Lack, ...]
    login_host: str = "auth"
    left_out: frozenset[str] = frozenset()


NO_USER_POOLS = Lack(
    "Cognito user pools",
    "cognito-idp",
    TOKEN_AUTHORIZER,
    "the ARN of a Lambda authorizer of your own, which checks your issuer's tokens and "
    "whether they have the route's scope, and answers with the customer's id as principalId",
)
NO_MAIL = Lack(
    "Amazon SES",
    "sesv2",
    MAIL,
    "'outbox', which keeps what customers would get in a table for a mail service of your own",
)
NO_AGENT_LAYER = Lack(
    "an AppConfig agent for arm64 that the CDK knows",
    None,
    AGENT_LAYER,
    "the ARN of the layer: AWS's own for the region, or one that you have published",
)

PARTITIONS: Mapping[str, Partition] = {
    "aws": Partition(None, ()),
    "aws-us-gov": Partition(
        ("us-gov-west-1", "us-gov-east-1"),
        (NO_AGENT_LAYER,),
        login_host="auth-fips",
        left_out=frozenset({GRAPHQL}),
    ),
    "aws-cn": Partition(("cn-north-1", "cn-northwest-1"), (NO_USER_POOLS, NO_MAIL, NO_AGENT_LAYER)),
    "aws-eusc": Partition(("eusc-de-east-1",), (NO_AGENT_LAYER,), left_out=frozenset({GRAPHQL})),
}


def others_of(region: str, partition: str) -> tuple[str, ...] | None:
    """The other regions of its partition; empty if it is alone, None if there are too many."""
    regions = PARTITIONS[partition].regions
    return None if regions is None else tuple(it for it in regions if it != region)


def check(
    region: str, partition: str | None, named: Mapping[str, str | None], *, needs_mail: bool
) -> None:
    """Refuse a region where something is lacking and ``named``, the context, has nothing for it.

    Raises:
        NotInThisRegion: with every lack and its alternative.
    """
    if partition is None:
        raise NotInThisRegion(
            f"the CDK knows no region {region}. Is it spelled right? It comes from -c region=..., "
            "or from cdk.json."
        )
    if partition not in PARTITIONS:
        raise NotInThisRegion(
            f"{region} is in the partition {partition}, for which nobody has looked up what it "
            f"lacks. Known are {', '.join(PARTITIONS)}: see stacks/partitions.py."
        )
    lacking = [
        f"  {lack.what}: name with -c {lack.context_key}=... {lack.alternative}"
        for lack in PARTITIONS[partition].lacks
        if not named.get(lack.context_key) and (needs_mail or lack is not NO_MAIL)
    ]
    if lacking:
        raise NotInThisRegion(
            f"{region} lacks, in the partition {partition}:\n" + "\n".join(lacking)
        )


def archive_region(
    region: str, partition: str, wanted: str | None, partition_of_wanted: str | None
) -> str:
    """Where the archive's copy is kept that is to survive the region.

    Raises:
        NotInThisRegion: the wanted region is not another one of the same partition. Where there is
            no other, the same region is accepted if it is named.
    """
    others = others_of(region, partition)
    choice = "another region of the partition" if others is None else " or ".join(others)
    if others == () and wanted != region:
        raise NotInThisRegion(
            f"{region} is the only region of {partition}, so that no copy of the archive can "
            f"survive it. Keep the copy there with -c {ARCHIVE_REGION}={region}, and know that a "
            "lost region loses both."
        )
    if others and wanted not in others:
        raise NotInThisRegion(
            f"the archive of {region} cannot be replicated to {wanted}: replication stays within "
            f"{partition}. Name {choice} with -c {ARCHIVE_REGION}=..."
        )
    if others is None and (wanted == region or partition_of_wanted != partition):
        raise NotInThisRegion(
            f"the archive of {region} is to survive the loss of the region, and {wanted} is not "
            f"another region of {partition}. Name one with -c {ARCHIVE_REGION}=..."
        )
    assert wanted
    return wanted


def login_domain(region: str, partition: str) -> str:
    """What follows the prefix in the address where a user pool's users log in."""
    return f".{PARTITIONS[partition].login_host}.{region}.amazoncognito.com"
