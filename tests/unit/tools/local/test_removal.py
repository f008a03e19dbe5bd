"""The offline copy of a template lacks what the emulator does not know, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from contracts.product import PRODUCT
from tools.base.errors import ParityError
from tools.emulator.removal import (
    Template,
    name_batches,
    read_without_fan_out,
    take_out,
    take_out_event_sources,
    take_out_metric_math,
    take_out_secure_transport,
    widen_unknown_resources,
)

UNKNOWN = frozenset({"AWS::CloudTrail::Trail", "AWS::EC2::NatGateway", "AWS::EC2::EIP"})
TRAIL = {"Type": "AWS::CloudTrail::Trail", "Properties": {"IsLogging": True}}
BUCKET = {"Type": "AWS::S3::Bucket"}


def copy_without(resources: dict[str, Any], **rest: Any) -> tuple[Template, list[str]]:
    template = {"Resources": resources, **rest}
    before = copy.deepcopy(template)
    result, removed = take_out(template, UNKNOWN, stack="audit")
    assert template == before, "the original must stay as it is"
    assert {it.stack for it in removed} <= {"audit"}
    return result, [it.logical_id for it in removed]


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": list(statements)}},
    }


def test_a_template_that_the_emulator_knows_stays_as_it_is() -> None:
    template = {"Resources": {"Bucket": BUCKET}}
    assert take_out(template, UNKNOWN, stack="audit") == (template, [])


def test_an_unknown_resource_goes_and_is_named() -> None:
    result, removed = copy_without({"Trail": TRAIL, "Bucket": BUCKET})
    assert result["Resources"] == {"Bucket": BUCKET}
    assert removed == ["Trail"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("Trail", None), (["Trail"], None), (["Trail", "Bucket"], ["Bucket"])],
)
def test_nothing_waits_for_what_is_gone(before: Any, after: Any) -> None:
    waiting = {"Type": "AWS::SQS::Queue", "DependsOn": before}
    result, _ = copy_without({"Trail": TRAIL, "Bucket": BUCKET, "Queue": waiting})
    assert result["Resources"]["Queue"].get("DependsOn") == after


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Trail"},
        {"Fn::GetAtt": ["Trail", "Arn"]},
        {"Fn::GetAtt": "Trail.Arn"},
        {"Fn::Sub": "trail ${Trail.Arn}"},
        {"Fn::Sub": ["${name}", {"name": {"Ref": "Trail"}}]},
        {"Fn::Join": ["", ["arn:", {"Ref": "Trail"}]]},
    ],
)
def test_outputs_that_show_it_go_too(value: Any) -> None:
    kept = {"Value": {"Ref": "Bucket"}}
    result, _ = copy_without(
        {"Trail": TRAIL, "Bucket": BUCKET}, Outputs={"Trail": {"Value": value}, "Bucket": kept}
    )
    assert result["Outputs"] == {"Bucket": kept}


@pytest.mark.parametrize("text", ["${!Trail}", "Trail", "${Trails}", "${AWS::Region}"])
def test_text_that_only_looks_like_a_reference_does_not_count(text: str) -> None:
    output = {"Value": {"Fn::Sub": text}}
    result, _ = copy_without({"Trail": TRAIL}, Outputs={"Text": output})
    assert result["Outputs"] == {"Text": output}


def test_a_name_that_the_substitution_itself_defines_does_not_count() -> None:
    output = {"Value": {"Fn::Sub": ["${Trail}", {"Trail": "a word"}]}}
    result, _ = copy_without({"Trail": TRAIL}, Outputs={"Text": output})
    assert result["Outputs"] == {"Text": output}


def test_policies_lose_the_statements_about_it() -> None:
    about = {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": {"Ref": "Trail"}}
    other = {"Effect": "Allow", "Action": "s3:*", "Resource": {"Ref": "Bucket"}}
    result, _ = copy_without({"Trail": TRAIL, "Bucket": BUCKET, "P": policy(about, other)})
    assert result["Resources"]["P"] == policy(other)


def test_a_statement_about_several_keeps_the_others() -> None:
    def allow(resource: Any) -> dict[str, Any]:
        return policy({"Effect": "Allow", "Action": "*", "Resource": resource})

    result, _ = copy_without(
        {"Trail": TRAIL, "Bucket": BUCKET, "P": allow([{"Ref": "Trail"}, {"Ref": "Bucket"}])}
    )
    assert result["Resources"]["P"] == allow([{"Ref": "Bucket"}])


def test_a_statement_whose_condition_names_it_goes() -> None:
    condition = {"StringEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Trail", "Arn"]}}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    result, _ = copy_without({"Trail": TRAIL, "P": policy(statement)})
    assert result["Resources"]["P"] == policy()


def test_a_route_follows_its_gateway() -> None:
    resources = {
        "Address": {"Type": "AWS::EC2::EIP"},
        "Gateway": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {"AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}},
        },
        "Route": {"Type": "AWS::EC2::Route", "Properties": {"NatGatewayId": {"Ref": "Gateway"}}},
        "Local": {"Type": "AWS::EC2::Route", "Properties": {"GatewayId": "local"}},
    }
    result, removed = copy_without(resources)
    assert list(result["Resources"]) == ["Local"]
    assert removed == ["Address", "Gateway", "Route"]


def test_anything_else_that_still_refers_to_it_is_an_error_that_names_both() -> None:
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Ref": "Trail"}}}
    with pytest.raises(ParityError) as error:
        copy_without({"Trail": TRAIL, "Name": parameter})
    for name in ("audit", "Name", "AWS::SSM::Parameter", "Trail", "AWS::CloudTrail::Trail"):
        assert name in str(error.value)


def test_only_the_denial_of_plain_http_is_left_out_where_policies_are_enforced() -> None:
    def deny(key: str) -> dict[str, Any]:
        return {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {key: "false"}}}

    plain, other = deny("aws:SecureTransport"), deny("aws:MultiFactorAuthPresent")
    allow = plain | {"Effect": "Allow"}
    template = {"Resources": {"P": policy(plain, other, allow), "Q": policy(other)}}
    result, removed = take_out_secure_transport(template, stack="audit")
    assert result["Resources"] == {"P": policy(other, allow), "Q": policy(other)}
    assert [(it.logical_id, it.kind) for it in removed] == [
        ("P", "enforce_ssl of AWS::IAM::Policy")
    ]


def test_what_the_emulator_does_not_compare_is_allowed_and_nothing_else_is_widened() -> None:
    machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:saga"
    answer = {"Action": ["states:SendTaskSuccess", "states:SendTaskFailure"], "Resource": machine}
    start = {"Action": "states:StartExecution", "Resource": machine}
    path = "arn:aws:ssm:eu-west-1:123456789012:parameter/cards"
    below = {"Action": "ssm:GetParametersByPath", "Resource": [path, f"{path}/*"]}
    one = {"Action": "ssm:GetParameter", "Resource": path}
    alarms = {"Action": "cloudwatch:DescribeAlarms", "Resource": "arn:aws:cloudwatch:::alarm:*"}
    read = {"Action": "logs:FilterLogEvents", "Resource": "arn:aws:logs:::log-group:judge:*"}
    write = {"Action": "logs:PutLogEvents", "Resource": read["Resource"]}
    template = {
        "Resources": {"P": policy(answer, start, write), "Q": policy(below, one, alarms, read)}
    }
    result, widened = widen_unknown_resources(template, stack="audit")
    assert result["Resources"] == {
        "P": policy({**answer, "Resource": "*"}, start, write),
        "Q": policy(
            {**below, "Resource": "*"},
            one,
            {**alarms, "Resource": "*"},
            {**read, "Resource": "*"},
        ),
    }
    assert [(it.logical_id, it.kind) for it in widened] == [
        ("P", "state machine of a task's answer"),
        ("Q", "names of parameters that are read together"),
        ("Q", "list of all alarms"),
        ("Q", "streams of a log group"),
    ]


def test_batches_of_messages_are_allowed_where_the_message_is_and_nowhere_else() -> None:
    lay_back = {"Action": ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"], "Resource": "q"}
    send = {"Action": "sqs:SendMessage", "Resource": "q"}
    other = {"Action": "sqs:PurgeQueue", "Resource": "q"}
    template = {"Resources": {"P": policy(lay_back, send, other), "Q": policy(other)}}
    result, named = name_batches(template, stack="audit")
    assert result["Resources"] == {
        "P": policy(
            {**lay_back, "Action": [*lay_back["Action"], "sqs:ChangeMessageVisibilityBatch"]},
            {**send, "Action": ["sqs:SendMessage", "sqs:SendMessageBatch"]},
            other,
        ),
        "Q": policy(other),
    }
    assert [(it.logical_id, it.kind) for it in named] == [("P", "batches in actions of SQS")] * 2


def test_events_may_be_put_with_any_source_and_no_other_condition_is_left_out() -> None:
    def put(**conditions: dict[str, str]) -> dict[str, Any]:
        return {"Effect": "Allow", "Action": "events:PutEvents", "Condition": conditions}

    source, account = {"events:source": f"{PRODUCT}.audit"}, {"aws:SourceAccount": "123456789012"}
    both, other = put(StringEquals={**source, **account}), put(StringEquals=account)
    template = {"Resources": {"P": policy(put(StringEquals=source), both), "Q": policy(other)}}
    result, removed = take_out_event_sources(template, stack="audit")
    free = {"Effect": "Allow", "Action": "events:PutEvents"}
    assert result["Resources"] == {"P": policy(free, other), "Q": policy(other)}
    assert [(it.logical_id, it.kind) for it in removed] == [
        ("P", "source of the events that are put")
    ] * 2


def test_alarms_on_an_expression_go_and_others_stay() -> None:
    math = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Expression": "a"}]}}
    plain = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}
    template: Template = {"Resources": {"Math": math, "Plain": plain, "Bucket": BUCKET}}
    result, removed = take_out_metric_math(template, stack="orders")
    assert set(result["Resources"]) == {"Plain", "Bucket"}
    assert [(it.logical_id, it.kind) for it in removed] == [("Math", "alarm on an expression")]
    assert set(template["Resources"]) == {"Math", "Plain", "Bucket"}


def test_a_reader_with_a_fan_out_reads_the_stream_itself() -> None:
    stream = {"Ref": "EventStreamArn"}
    template = {
        "Resources": {
            "FanOut": {
                "Type": "AWS::Kinesis::StreamConsumer",
                "Properties": {"ConsumerName": "returns", "StreamARN": stream},
            },
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "DependsOn": ["FanOut", "Policy"],
                "Properties": {"EventSourceArn": {"Fn::GetAtt": ["FanOut", "ConsumerARN"]}},
            },
            "Policy": {
                "Type": "AWS::IAM::Policy",
                **policy(
                    {
                        "Effect": "Allow",
                        "Action": "kinesis:SubscribeToShard",
                        "Resource": {"Ref": "FanOut"},
                    }
                ),
            },
        }
    }
    result, removed = read_without_fan_out(template, stack="returns")
    assert [(it.logical_id, it.kind) for it in removed] == [
        ("FanOut", "AWS::Kinesis::StreamConsumer")
    ]
    mapping = result["Resources"]["Mapping"]
    assert mapping["Properties"] == {"EventSourceArn": stream}
    assert mapping["DependsOn"] == ["Policy"]
    statements = result["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statements[0]["Resource"] == stream
    assert "FanOut" in template["Resources"]


def test_what_an_update_leaves_to_what_is_not_there_goes_as_well() -> None:
    update = {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "Trail"}}}
    alias = {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live"}}
    result, _ = copy_without({"Alias": {**alias, "UpdatePolicy": update}, "Trail": TRAIL})
    assert result["Resources"] == {"Alias": alias}
