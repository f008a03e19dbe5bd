"""Consumers of streams and queues: nothing is lost or overtaken, and someone is told."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.product import PRODUCT_TITLE
from tests.infra.rules import Rule
from tests.infra.system import Resource, System, functions_of, role_statements

MAPPING = "AWS::Lambda::EventSourceMapping"
QUEUE = "AWS::SQS::Queue"
FUNCTION = "AWS::Lambda::Function"
ALARM = "AWS::CloudWatch::Alarm"
LOG_GROUP = "AWS::Logs::LogGroup"
THROTTLED = '{ $.status = "429" }'
"""As the access log has a status: it is text there."""
ASYNCHRONOUS = {
    "events.amazonaws.com",
    "sns.amazonaws.com",
    "s3.amazonaws.com",
    "scheduler.amazonaws.com",
    "secretsmanager.amazonaws.com",
}
READERS_AT_MOST = 4
"""A stream's throughput is shared by those who read it without a fan-out of their own."""
MINUTES = 15 * 60
"""Seconds within which somebody is told that a reader does not keep up."""
MOST_ATTEMPTS = 50
MOST_IN_A_DAY = 300
"""Of webhooks, which gives a notice up by its age, and tries each quarter of an hour."""
"""A worker that waits for a partner to come back tries for long, but not for ever."""
RECEIVES = (100, 1000)
"""What SQS counts: receives that Lambda throttles as well, and no good message may end by them."""
KEPT_SECONDS = 14 * 24 * 3600
LARGEST_MESSAGE = 1024 * 1024
"""Bytes, attributes included."""


def streams_are_retried_without_limit(system: System) -> Iterator[str]:
    """A record that is skipped is an event that is lost; bisecting finds one that crashes."""
    for mapping in _stream_mappings(system):
        wanted = {
            "MaximumRetryAttempts": (-1, None),
            "MaximumRecordAgeInSeconds": (-1, None),
            "BisectBatchOnFunctionError": (True,),
            "FunctionResponseTypes": (None,),  # partial failures lose records on a stream
            "StartingPosition": ("TRIM_HORIZON",),
        }
        for property, accepted in wanted.items():
            if mapping.properties.get(property) not in accepted:
                yield f"{mapping} has {property} = {mapping.properties.get(property)}"


def relays_keep_the_order(system: System) -> Iterator[str]:
    """Several batches of one shard at a time would let an order's events overtake each other."""
    for mapping in _stream_mappings(system):
        if mapping.properties.get("ParallelizationFactor", 1) != 1:
            yield f"{mapping} handles several batches of a shard at a time"


def whoever_follows_a_table_says_what_it_waits_for(system: System) -> Iterator[str]:
    """An item that expires is no event, and the relay's events are inserted, never changed."""
    for mapping in _stream_mappings(system):
        if ".StreamArn}" in mapping.text(mapping.properties["EventSourceArn"]):
            filters = mapping.properties.get("FilterCriteria", {}).get("Filters", [])
            kinds = [set(json.loads(it["Pattern"]).get("eventName", ["REMOVE"])) for it in filters]
            if not kinds or any("REMOVE" in it for it in kinds):
                yield f"{mapping} also sees what is removed"
            function = system.find(mapping.text(mapping.properties["FunctionName"]), FUNCTION)
            is_relay = function and function.properties["Handler"].endswith(".relay.handler")
            if is_relay and kinds != [{"INSERT"}]:
                yield f"{mapping} also sees what is changed"


def streams_have_few_readers(system: System) -> Iterator[str]:
    """At most four share a stream's two megabytes and five reads a second: more have a fan-out."""
    for stream in system.resources("AWS::Kinesis::Stream"):
        readers = [
            it.id
            for it in _stream_mappings(system)
            if stream.is_in(it.text(it.properties["EventSourceArn"]))
            and not _has_fan_out(system, it)
        ]
        readers += [
            it.id
            for it in system.resources("AWS::KinesisFirehose::DeliveryStream")
            if stream.is_in(it.text(_source_of(it)))
        ]
        if len(readers) > READERS_AT_MOST:
            yield f"{stream} is read by {', '.join(readers)}: give the last a fan-out"


def readers_of_the_log_say_when_they_wait_for_each_other(system: System) -> Iterator[str]:
    """They share its throughput, so that the one which asks too much is seldom the one that waits.

    Within minutes: a consumer's own alarm speaks when it is late already.
    """
    for stream in system.resources("AWS::Kinesis::Stream"):
        if not any(
            alarm.properties.get("MetricName") == "ReadProvisionedThroughputExceeded"
            and _measures(alarm, stream)
            and alarm.properties["Period"] * alarm.properties["EvaluationPeriods"] <= MINUTES
            for alarm in system.resources(ALARM)
        ):
            yield f"readers of {stream} can be throttled without an alarm"
    for delivery in system.resources("AWS::KinesisFirehose::DeliveryStream"):
        if not any(
            alarm.properties.get("MetricName") == "DeliveryToS3.DataFreshness"
            and _measures(alarm, delivery)
            and alarm.properties["Threshold"] <= MINUTES
            for alarm in system.resources(ALARM)
        ):
            yield f"{delivery} can be late without an alarm in minutes"


def every_stream_consumer_says_when_it_is_behind(system: System) -> Iterator[str]:
    """Within minutes, and once more long before the source forgets what was not read."""
    for mapping in _stream_mappings(system):
        function = system.find(mapping.text(mapping.properties["FunctionName"]), FUNCTION)
        assert function, f"{mapping} calls a function that is in no template"
        thresholds = [
            alarm.properties["Threshold"] / 1000
            for alarm in system.resources(ALARM)
            if alarm.properties.get("MetricName") == "IteratorAge" and _measures(alarm, function)
        ]
        if not any(it <= MINUTES for it in thresholds):
            yield f"{function} can fall behind without an alarm in minutes"
        if not any(MINUTES < it <= 6 * 3600 for it in thresholds):
            yield f"{function} can be behind for hours, and the alarm has been forgotten"


def queues_report_single_failures(system: System) -> Iterator[str]:
    """A bad message does not make its neighbours come again, nor a slow one come twice."""
    for mapping, queue in _queue_mappings(system):
        if mapping.properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{mapping} repeats a whole batch for one message"
        function = system.find(mapping.text(mapping.properties["FunctionName"]), FUNCTION)
        assert function, f"{mapping} calls a function that is in no template"
        visible_after = queue.properties.get("VisibilityTimeout", 30)
        if visible_after < 6 * function.properties["Timeout"]:
            yield f"{queue} shows a message again while {function.id} may still be at it"


def every_queue_with_a_consumer_has_dead_letters(system: System) -> Iterator[str]:
    """An alarm says that there are some, and only what failed or crashed gets there."""
    for _, queue in _queue_mappings(system):
        redrive = queue.properties.get("RedrivePolicy", {})
        fewest, most = RECEIVES
        if not fewest <= redrive.get("maxReceiveCount", 0) <= most:
            yield f"{queue} hands out {redrive.get('maxReceiveCount', 'for ever')} times"
            continue
        dead_letters = system.find(queue.text(redrive["deadLetterTargetArn"]), QUEUE)
        assert dead_letters, f"{queue} has dead letters that are in no template"
        if not any(_measures(alarm, dead_letters) for alarm in system.resources(ALARM)):
            yield f"{dead_letters} can fill up without an alarm"


def queues_keep_messages_for_as_long_as_sqs_can(system: System) -> Iterator[str]:
    """Each message is somebody's money or work, and a long weekend has four days."""
    for queue in system.resources(QUEUE):
        if queue.properties.get("MessageRetentionPeriod") != KEPT_SECONDS:
            yield f"{queue} does not keep messages for 14 days"


def dead_letters_have_room_for_the_reason(system: System) -> Iterator[str]:
    """What fits a queue fits its dead letters with attributes beside it."""
    for _, queue in _queue_mappings(system):
        arn = queue.properties.get("RedrivePolicy", {}).get("deadLetterTargetArn", "")
        dead_letters = system.find(queue.text(arn), QUEUE)
        if dead_letters and dead_letters.properties.get("MaximumMessageSize") != LARGEST_MESSAGE:
            yield f"{dead_letters} does not take the largest message that SQS knows"


def workers_count_failures_and_not_receives(system: System) -> Iterator[str]:
    """A worker that counts failures sends to its own queue again, and is told how often."""
    for mapping, queue in _queue_mappings(system):
        function = system.find(mapping.text(mapping.properties["FunctionName"]), FUNCTION)
        assert function, f"{mapping} calls a function that is in no template"
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if "QUEUE_ATTEMPTS" not in variables:
            continue
        most = MOST_IN_A_DAY if function.template.service == "webhooks" else MOST_ATTEMPTS
        if not 2 <= int(variables["QUEUE_ATTEMPTS"]) <= most:
            yield f"{function} tries {variables['QUEUE_ATTEMPTS']} times"
        if not queue.is_in(function.text(variables.get("QUEUE_URL", ""))):
            yield f"{function} does not know the queue that it works through"
        if not any(
            statement.allows("sqs:SendMessage")
            and function in functions_of(statement.role)
            and any(queue.is_in(it) for it in statement.resources)
            for statement in role_statements(system)
        ):
            yield f"{function} may not send to the queue that it works through"


def asynchronous_calls_have_a_place_for_failures(system: System) -> Iterator[str]:
    """Lambda by itself runs such a call three times, for up to six hours, and then drops it."""
    for caller, function in _asynchronous_calls(system):
        config = _asynchronous_configuration(system, function)
        if "OnFailure" not in config.get("DestinationConfig", {}):
            yield f"{function} loses what it fails at when {caller} calls it"
        if "MaximumRetryAttempts" not in config or "MaximumEventAgeInSeconds" not in config:
            yield f"{function} is run again as Lambda likes when {caller} calls it"
        if not any(
            alarm.properties.get("MetricName") == "Errors" and _measures(alarm, function)
            for alarm in system.resources(ALARM)
        ):
            yield f"{function} can fail in every run without an alarm"


def scheduled_calls_do_not_overlap(system: System) -> Iterator[str]:
    """Nobody repeats one, it is done before the next, and a late one is dropped."""
    for rule in system.resources("AWS::Events::Rule"):
        interval = _interval_seconds(rule.properties.get("ScheduleExpression", ""))
        if interval is None:
            continue
        for target in rule.properties["Targets"]:
            function = system.find(rule.text(target["Arn"]), FUNCTION)
            if function is None:
                continue
            config = _asynchronous_configuration(system, function)
            if config.get("MaximumRetryAttempts") != 0:
                yield f"{function} is repeated by Lambda beside its next run"
            if target.get("RetryPolicy", {}).get("MaximumRetryAttempts") != 0:
                yield f"{rule} repeats a call beside the next one"
            if not config.get("MaximumEventAgeInSeconds", 6 * 3600) <= max(interval, 60):
                yield f"{function} runs late beside its next run"
            if function.properties["Timeout"] >= interval:
                yield f"{function} may take longer than until its next run"
            wanted = None if system.environment == "dev" else 1
            if function.properties.get("ReservedConcurrentExecutions") != wanted:
                yield f"{function} may run twice at a time"


def rules_that_match_events_have_dead_letters(system: System) -> Iterator[str]:
    """EventBridge tries for a day and then drops the event."""
    for rule in system.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"] if "EventPattern" in rule.properties else ():
            if "DeadLetterConfig" not in target:
                yield f"{rule} loses what it cannot deliver"


def every_stream_consumer_says_when_it_reads_nothing(system: System) -> Iterator[str]:
    """Who cannot read the stream is never called, and so has no age to tell."""
    for mapping in _stream_mappings(system):
        function = system.find(mapping.text(mapping.properties["FunctionName"]), FUNCTION)
        assert function
        if not any(
            "Expression" in json.dumps(metrics) and _names(alarm, metrics, function)
            for alarm in system.resources(ALARM)
            if (metrics := alarm.properties.get("Metrics"))
        ):
            yield f"{function} can be kept from its stream without an alarm"


def every_queue_with_a_consumer_says_when_it_is_not_read(system: System) -> Iterator[str]:
    """A key or a mapping that refuses leaves messages where they are."""
    for _, queue in _queue_mappings(system):
        if not any(
            alarm.properties.get("MetricName") == "ApproximateAgeOfOldestMessage"
            and _measures(alarm, queue)
            and alarm.properties["Threshold"] > queue.properties["VisibilityTimeout"]
            for alarm in system.resources(ALARM)
        ):
            yield f"{queue} can be left alone without an alarm"


def every_function_says_when_it_is_throttled(system: System) -> Iterator[str]:
    """By the account's limit or its own."""
    for function in system.resources(FUNCTION):
        if not any(
            alarm.properties.get("MetricName") == "Throttles" and _measures(alarm, function)
            for alarm in system.resources(ALARM)
        ):
            yield f"{function} can be throttled without an alarm"


def every_api_says_when_it_fails(system: System) -> Iterator[str]:
    """A function that is not reached counts no error of its own."""
    for api in system.resources("AWS::ApiGateway::RestApi"):
        name = api.text(api.properties["Name"])
        if not any(
            alarm.properties.get("MetricName") == "5XXError"
            and any(alarm.text(it["Value"]) == name for it in alarm.properties["Dimensions"])
            for alarm in system.resources(ALARM)
        ):
            yield f"{api} can answer with errors without an alarm"


def every_api_says_when_it_throttles(system: System) -> Iterator[str]:
    """API Gateway counts 429 with all of 4xx: a filter on the stage's access log tells it apart."""
    watched = {
        (alarm.properties.get("Namespace"), alarm.properties.get("MetricName"))
        for alarm in system.resources(ALARM)
    }
    for stage in system.resources("AWS::ApiGateway::Stage"):
        log = stage.text(stage.properties.get("AccessLogSetting", {}).get("DestinationArn", ""))
        counted = {
            (into["MetricNamespace"], into["MetricName"])
            for each in system.resources("AWS::Logs::MetricFilter")
            if each.properties["FilterPattern"] == THROTTLED
            and (group := system.find(each.text(each.properties["LogGroupName"]), LOG_GROUP))
            and group.is_in(log)
            for into in each.properties["MetricTransformations"]
        }
        if not counted & watched:
            yield f"{stage} can refuse callers for their number without an alarm"


def our_metrics_are_the_environments_own(system: System) -> Iterator[str]:
    """Or development raises the alarms of production in the same account."""
    own = f"{PRODUCT_TITLE}/{system.environment}"
    for alarm in system.resources(ALARM):
        namespace = str(alarm.properties.get("Namespace", ""))
        if namespace.startswith(PRODUCT_TITLE) and namespace != own:
            yield f"{alarm} looks at {namespace}"
    for function in system.resources(FUNCTION):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if variables.get("METRIC_NAMESPACE") != own:
            yield f"{function} counts in {variables.get('METRIC_NAMESPACE')}"


def every_alarm_tells_someone(system: System) -> Iterator[str]:
    """An alarm without an action is a light in an empty room, unless another one is made of it."""
    joined = list(system.resources("AWS::CloudWatch::CompositeAlarm"))
    for alarm in system.resources(ALARM, "AWS::CloudWatch::CompositeAlarm"):
        is_part = any(alarm.is_in(it.text(it.properties["AlarmRule"])) for it in joined)
        if not alarm.properties.get("AlarmActions") and not is_part:
            yield f"{alarm} tells nobody"
        if alarm.type == ALARM and alarm.properties.get("TreatMissingData") is None:
            yield f"{alarm} does not say what missing data means"


def _stream_mappings(system: System) -> Iterator[Resource]:
    for mapping in system.resources(MAPPING):
        if "StartingPosition" in mapping.properties:
            yield mapping


def _has_fan_out(system: System, mapping: Resource) -> bool:
    source = system.find(
        mapping.text(mapping.properties["EventSourceArn"]), "AWS::Kinesis::StreamConsumer"
    )
    return source is not None


def _queue_mappings(system: System) -> Iterator[tuple[Resource, Resource]]:
    for mapping in system.resources(MAPPING):
        queue = system.find(mapping.text(mapping.properties["EventSourceArn"]), QUEUE)
        if queue:
            yield mapping, queue


def _source_of(delivery_stream: Resource) -> Any:
    source = delivery_stream.properties.get("KinesisStreamSourceConfiguration", {})
    return source.get("KinesisStreamARN", "")


def _measures(alarm: Resource, resource: Resource) -> bool:
    dimensions = alarm.properties.get("Dimensions", [])
    return any(resource.is_in(alarm.text(it["Value"])) for it in dimensions)


def _asynchronous_calls(system: System) -> Iterator[tuple[str, Resource]]:
    for permission in system.resources("AWS::Lambda::Permission"):
        caller = permission.properties["Principal"]
        function = system.find(permission.text(permission.properties["FunctionName"]), FUNCTION)
        if caller in ASYNCHRONOUS and function is not None:
            yield caller, function


def _names(alarm: Resource, value: Any, resource: Resource) -> bool:
    match value:
        case {"Ref": _} | {"Fn::GetAtt": _}:
            return resource.is_in(alarm.text(value))
        case dict():
            return any(_names(alarm, it, resource) for it in value.values())
        case list():
            return any(_names(alarm, it, resource) for it in value)
    return False


def _asynchronous_configuration(system: System, function: Resource) -> Mapping[str, Any]:
    for config in system.resources("AWS::Lambda::EventInvokeConfig"):
        if function.is_in(config.text(config.properties["FunctionName"])):
            return config.properties
    return {}


def _interval_seconds(schedule: str) -> int | None:
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    if found is None:
        return None
    return int(found[1]) * {"minute": 60, "hour": 3600, "day": 86400}[found[2]]


RULES: tuple[Rule, ...] = (
    streams_are_retried_without_limit,
    relays_keep_the_order,
    whoever_follows_a_table_says_what_it_waits_for,
    streams_have_few_readers,
    readers_of_the_log_say_when_they_wait_for_each_other,
    every_stream_consumer_says_when_it_is_behind,
    queues_report_single_failures,
    every_queue_with_a_consumer_has_dead_letters,
    queues_keep_messages_for_as_long_as_sqs_can,
    dead_letters_have_room_for_the_reason,
    workers_count_failures_and_not_receives,
    asynchronous_calls_have_a_place_for_failures,
    scheduled_calls_do_not_overlap,
    rules_that_match_events_have_dead_letters,
    every_stream_consumer_says_when_it_reads_nothing,
    every_queue_with_a_consumer_says_when_it_is_not_read,
    every_function_says_when_it_is_throttled,
    every_api_says_when_it_fails,
    every_api_says_when_it_throttles,
    our_metrics_are_the_environments_own,
    every_alarm_tells_someone,
)
