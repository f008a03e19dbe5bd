"""Edge: what stands before every API of staging and prod, whoever calls."""

from typing import Any

from aws_cdk import ArnFormat, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="edge",
    owner="platform",
    purpose="the web ACL before all APIs",
)
REQUESTS_OF_ONE_ADDRESS = 2000
"""In five minutes; more are refused until they are fewer. A company's people share an address."""
MANAGED = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    # It ends a body at 8 KB; an order of fifty lines, and a carrier's report, may be longer. The
    # gateway and the handlers have limits of their own.
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY",)),
)
"""Groups that AWS keeps, each with those of its rules that only count."""


HIDDEN = ("authorization", "x-api-key", "cookie")
"""Headers that no log shows."""


class EdgeStack(ServiceStack):
    """One ACL for all: each API's stack associates its own stage."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            name=f"{PRODUCT}-{stage.name}",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[
                self._limit_by_address(priority=0),
                *(
                    self._managed(name, counted, priority)
                    for priority, (name, counted) in enumerate(MANAGED, start=1)
                ),
            ],
            visibility_config=_seen_as("WebAcl"),
        )
        self._log_what_is_refused(acl)
        self.publish("web-acl-arn", acl.attr_arn)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.has_web_acl

    def _limit_by_address(self, priority: int) -> wafv2.CfnWebACL.RuleProperty:
        return wafv2.CfnWebACL.RuleProperty(
            name="TooManyOfOneAddress",
            priority=priority,
            action=wafv2.CfnWebACL.RuleActionProperty(
                block=wafv2.CfnWebACL.BlockActionProperty(
                    custom_response=wafv2.CfnWebACL.CustomResponseProperty(
                        response_code=429,
                        response_headers=[
                            wafv2.CfnWebACL.CustomHTTPHeaderProperty(name="Retry-After", value="60")
                        ],
                    )
                )
            ),
            statement=wafv2.CfnWebACL.StatementProperty(
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP", limit=REQUESTS_OF_ONE_ADDRESS
                )
            ),
            visibility_config=_seen_as("TooManyOfOneAddress"),
        )

    def _managed(
        self, name: str, counted: tuple[str, ...], priority: int
    ) -> wafv2.CfnWebACL.RuleProperty:
        return wafv2.CfnWebACL.RuleProperty(
            name=name,
            priority=priority,
            override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
            statement=wafv2.CfnWebACL.StatementProperty(
                managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                    vendor_name="AWS",
                    name=name,
                    rule_action_overrides=[
                        wafv2.CfnWebACL.RuleActionOverrideProperty(
                            name=it, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                        )
                        for it in counted
                    ]
                    or None,
                )
            ),
            visibility_config=_seen_as(name),
        )

    def _log_what_is_refused(self, acl: wafv2.CfnWebACL) -> None:
        """Without tokens, keys and queries: nothing that opens a door, nothing about a person."""
        group = logs.LogGroup(
            self,
            "RefusedLog",
            log_group_name=f"aws-waf-logs-{PRODUCT}-{self.stage.name}",  # WAF takes no other names
            retention=self.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        hidden = wafv2.CfnLoggingConfiguration.FieldToMatchProperty
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            log_destination_configs=[
                self.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=group.log_group_name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            redacted_fields=[
                *(hidden(single_header={"Name": it}) for it in HIDDEN),
                hidden(query_string={}),
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [
                            {"ActionCondition": {"Action": it}} for it in ("BLOCK", "COUNT")
                        ],
                    }
                ],
            },
        )


def _seen_as(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Counted by name; no request is kept as a sample, which would show its headers."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
