"""The saga that leads an order to its end, and everything that keeps it going."""

import json
from typing import Any

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on, alarm_when_counted
from stacks.constructs.bus import grant_publishing
from stacks.constructs.microservice_function import FunctionsWith, MicroserviceFunction, grant
from stacks.constructs.schedule import call_every
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_queue import ServiceQueue, let_service_use
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.fulfilment_saga import owners, saga, saga_times
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="fulfilment",
    owner="fulfilment",
    purpose="the saga of an order",
    also_owns=("tests/faults/test_saga_*.py",),
)
OPEN_SAGAS = "OpenSagas"
STUCK_SAGAS = "StuckSagas"
SWEPT_EVERY = Duration.minutes(5)
INTERRUPTED = ["FAILED", "TIMED_OUT", "ABORTED"]


class FulfilmentStack(ServiceStack):
    """OrderPlaced starts the machine; its steps are commands to others, answered on the bus."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.machine_name = f"{PRODUCT}-{stage.name}-saga"
        self.times = saga_times(stage, self.node.try_get_context("saga-step-deadline"))
        self.definition = saga(self.times)
        self.owners = owners(self.definition)
        self.key = self.make_key()
        self.sagas = ServiceTable(
            self,
            "Sagas",
            key=self.key,
            partition_key=text("order_id"),
            sort_key=text("part"),
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=OPEN_SAGAS, partition_key=text("open"), sort_key=text("due_at")
                ),
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=STUCK_SAGAS, partition_key=text("stuck"), sort_key=text("stuck_at")
                ),
            ],
            time_to_live_attribute="expires_at",
        )
        self._function = FunctionsWith(
            self,
            key=self.key,
            SAGAS_TABLE=self.sagas.table_name,
            OPEN_SAGAS_INDEX=OPEN_SAGAS,
            STUCK_SAGAS_INDEX=STUCK_SAGAS,
        )
        self.machine = self._make_machine()
        self._start_when_an_order_is_placed()
        self._take_replies()
        self._resume_what_was_interrupted()
        self._tell_operators_what_is_stuck()
        self.publish("state-machine-arn", self.machine.state_machine_arn)

    def _make_machine(self) -> stepfunctions.StateMachine:
        read_events = self.find("orders", "read-events-arn")
        send_command, report_stuck = self._make_sender(), self._make_reporter()
        role = iam.Role(
            self,
            "SagaRole",
            role_name=self.stage.role_name(self.service, "Saga"),
            assumed_by=service_of_this_account(self, "states.amazonaws.com"),
        )
        machine = stepfunctions.StateMachine(
            self,
            "Saga",
            state_machine_name=self.machine_name,
            comment="Leads an order from placed to confirmed, or undoes it",
            role=role,
            definition_body=stepfunctions.DefinitionBody.from_string(
                json.dumps(self.definition, indent=1).replace("${Partition}", self.partition)
            ),
            definition_substitutions={
                "ReadEvents": read_events,
                "SendCommand": send_command.function_arn,
                "ReportStuck": report_stuck.function_arn,
                "Sagas": self.sagas.table_name,
            },
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "SagaLogs",
                    retention=self.stage.log_retention,
                    removal_policy=self.stage.removal_policy,
                ),
                level=stepfunctions.LogLevel.ALL,
                include_execution_data=False,  # the history has it; a log needs only what happened
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[read_events, send_command.function_arn, report_stuck.function_arn],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["dynamodb:UpdateItem"], resources=[self.sagas.table_arn])
        )
        self.key.grant_encrypt_decrypt(role)
        acknowledge(
            role,
            "The delivery of a state machine's logs and traces is granted on *: AWS documents no "
            "narrower resource for either.",
            "AwsSolutions-IAM5[Resource::*]",
        )
        alarm_on(
            self,
            "ExecutionsFail",
            what="executions fail: they are resumed, but find out why",
            metric=machine.metric_failed(statistic="Sum", period=Duration.minutes(5)),
        )
        return machine

    def _make_sender(self) -> MicroserviceFunction:
        sender = self._function(
            "SendCommand",
            "send_command",
            "Sends a step's command to its owner",
            # A sender that is throttled for long makes the saga undo what it has done.
            reserved_concurrency=20,
        )
        for owner in self.owners:
            url = self.find(owner, "commands-queue-url")
            sender.add_environment(f"{owner.replace('-', '_').upper()}_QUEUE_URL", url)
        grant(sender, "dynamodb:UpdateItem", on=self.sagas.table_arn)
        self._allow_answers(sender)
        grant(
            sender,
            "sqs:SendMessage",
            on=[self.find(owner, "commands-queue-arn") for owner in self.owners],
        )
        grant(
            sender,
            "kms:GenerateDataKey",
            "kms:Decrypt",
            on=[self.find(owner, "commands-key-arn") for owner in self.owners],
        )
        return sender

    def _make_reporter(self) -> MicroserviceFunction:
        reporter = self._function(
            "ReportStuck",
            "report_stuck",
            "Says what could not be undone",
        )
        grant(reporter, "dynamodb:Query", "dynamodb:UpdateItem", on=self.sagas.table_arn)
        grant_publishing(reporter, self)
        return reporter

    def _start_when_an_order_is_placed(self) -> None:
        placed = ServiceQueue(
            self, "PlacedOrders", key=self.key, worker_timeout=Duration.seconds(10)
        )
        placed.subscribe_to_bus("OrderPlaced", detail_type=["OrderPlaced"])
        read_events = self.find("orders", "read-events-arn")
        starter = self._function(
            "StartSaga",
            "start_saga",
            "Starts the saga of a placed order",
            READ_EVENTS_ARN=read_events,
        )
        grant(starter, "lambda:InvokeFunction", on=read_events)
        grant(starter, "dynamodb:PutItem", on=self.sagas.table_arn)
        self._allow_executions(starter)
        placed.consumed_by(starter, max_concurrency=10)

    def _take_replies(self) -> None:
        replies = ServiceQueue(self, "Replies", key=self.key, worker_timeout=Duration.seconds(10))
        replies.subscribe_to_bus("CommandReplied", detail_type=["CommandReplied"])
        taker = self._function(
            "TakeReply",
            "take_reply",
            "Gives a reply to who waits for it",
            reserved_concurrency=20,  # as many as its queue may have
        )
        grant(taker, "dynamodb:UpdateItem", on=self.sagas.table_arn)
        self._allow_answers(taker)
        replies.consumed_by(taker, max_concurrency=20)

    def _resume_what_was_interrupted(self) -> None:
        resume = self._function("Resume", "resume", "Resumes a saga by an operator's command")
        self._allow_resuming(resume)
        self.publish("resume-arn", resume.function_arn)
        self._list_what_is_stuck()
        self._show_sagas()

        interrupted = ServiceQueue(
            self, "Interruptions", key=self.key, worker_timeout=Duration.seconds(10)
        )
        let_service_use(self.key, "events.amazonaws.com", self.account)
        events.Rule(  # on the default bus: Step Functions tells no other
            self,
            "ExecutionInterrupted",
            description="fulfilment: an execution failed, timed out or was aborted",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [self.machine.state_machine_arn],
                    "status": INTERRUPTED,
                },
            ),
            targets=[
                targets.SqsQueue(interrupted.queue, dead_letter_queue=interrupted.dead_letters)
            ],
        )
        resumer = self._function(
            "ResumeInterrupted", "resume_interrupted", "Resumes a saga whose execution ended early"
        )
        self._allow_resuming(resumer)
        interrupted.consumed_by(resumer, max_concurrency=5)

        sweeper = self._function(
            "Sweep",
            "sweep",
            "Resumes sagas of orders that wait too long",
            timeout=Duration.minutes(2),
            reserved_concurrency=1,
        )
        self._allow_resuming(sweeper)
        indexes = [f"{self.sagas.table_arn}/index/{it}" for it in (OPEN_SAGAS, STUCK_SAGAS)]
        grant(sweeper, "dynamodb:Query", on=indexes)
        call_every(
            SWEPT_EVERY,
            sweeper,
            self,
            "SweepSchedule",
            description="fulfilment: look for sagas without a running execution",
            key=self.key,
        )
        alarm_on(
            self,
            "SweepFails",
            what="sagas that wait too long are not found",
            metric=sweeper.metric_errors(period=Duration.minutes(15)),
        )
        self._start_what_was_missed()
        # The sweeper counts those in the table, which nothing forgets; without data the alarm
        # stays as it is.
        alarm_on(
            self,
            "StuckSagas",
            what="sagas wait for an operator",
            metric=cloudwatch.Metric(
                namespace=self.stage.metric_namespace,
                metric_name="StuckSagas",
                dimensions_map={"service": self.service},
                statistic="Maximum",
                period=Duration.seconds(3 * SWEPT_EVERY.to_seconds()),
            ),
            without_data=cloudwatch.TreatMissingData.IGNORE,
        )

    def _list_what_is_stuck(self) -> None:
        lister = self._function(
            "ListStuck",
            "list_stuck",
            "Lists the sagas that wait for an operator",
            timeout=Duration.seconds(30),
        )
        index = f"{self.sagas.table_arn}/index/{STUCK_SAGAS}"
        grant(lister, "dynamodb:Query", on=[self.sagas.table_arn, index])
        self.publish("list-stuck-arn", lister.function_arn)

    def _show_sagas(self) -> None:
        show = MicroserviceFunction(
            self,
            "ShowSagas",
            handler="show_sagas",
            description="For operators that only look: an order's saga, open sagas",
            environment={
                "SAGAS_TABLE": self.sagas.table_name,
                "OPEN_SAGAS_INDEX": OPEN_SAGAS,
                "STUCK_SAGAS_INDEX": STUCK_SAGAS,
                "STATE_MACHINE_ARN": self.machine.state_machine_arn,
            },
        )
        self.key.grant_decrypt(show)
        indexes = [f"{self.sagas.table_arn}/index/{it}" for it in (OPEN_SAGAS, STUCK_SAGAS)]
        grant(show, "dynamodb:BatchGetItem", "dynamodb:GetItem", on=self.sagas.table_arn)
        grant(show, "states:ListExecutions", on=self.machine.state_machine_arn)
        grant(show, "dynamodb:Query", on=[self.sagas.table_arn, *indexes])
        self.publish("show-sagas-arn", show.function_arn)

    def _start_what_was_missed(self) -> None:
        """Orders are placed before this stack's rule exists, and whenever it is switched off."""
        list_events = self.find("orders", "list-events-arn")
        read_events = self.find("orders", "read-events-arn")
        missed = self._function(
            "StartMissed",
            "start_missed",
            "Starts the sagas of orders that fulfilment never heard of",
            timeout=Duration.minutes(14),
            reserved_concurrency=1,
            LIST_EVENTS_ARN=list_events,
            READ_EVENTS_ARN=read_events,
        )
        grant(missed, "lambda:InvokeFunction", on=[list_events, read_events])
        grant(
            missed,
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            on=self.sagas.table_arn,
        )
        self._allow_executions(missed)
        call_every(
            Duration.hours(1),
            missed,
            self,
            "MissedOrders",
            description="fulfilment: look for placed orders without a saga",
            key=self.key,
        )
        alarm_on(
            self,
            "StartMissedFails",
            what="nobody looks for orders without a saga",
            metric=missed.metric_errors(period=Duration.hours(1)),
        )
        alarm_when_counted(
            self, "SagasMissed", metric_name="SagasMissed", what="orders had no saga"
        )
        self.publish("start-missed-arn", missed.function_arn)

    def _tell_operators_what_is_stuck(self) -> None:
        operators = ServiceQueue(
            self, "Operators", key=self.key, worker_timeout=Duration.seconds(30)
        )
        operators.subscribe_to_bus("FulfilmentStuck", detail_type=["FulfilmentStuck"])
        alarm_on(
            self,
            "StuckSagasWait",
            what="sagas wait for an operator",
            metric=operators.queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=Duration.minutes(1)
            ),
        )

    def _allow_answers(self, function: MicroserviceFunction) -> None:
        grant(
            function,
            "states:SendTaskSuccess",
            "states:SendTaskFailure",
            # By name, since the machine itself names the sender: a reference would be a circle.
            on=self._states_arn("stateMachine", self.machine_name),
        )

    def _allow_executions(self, function: MicroserviceFunction) -> None:
        machine = self.machine.state_machine_arn
        function.add_environment("STATE_MACHINE_ARN", machine)
        function.add_environment("SAGA_DEADLINE", str(self.times.saga))
        grant(function, "states:StartExecution", on=machine)

    def _allow_resuming(self, function: MicroserviceFunction) -> None:
        self._allow_executions(function)
        grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            on=self.sagas.table_arn,
        )
        grant(
            function,
            "states:DescribeExecution",
            on=self._states_arn("execution", f"{self.machine_name}:*"),
        )
        assert function.role
        acknowledge(
            function.role,
            "Executions are named after their orders: who resumes sagas looks at any of them.",
            f"AwsSolutions-IAM5[Resource::arn:{self.partition}:states:"
            f"{self.region}:<AWS::AccountId>:execution:{self.machine_name}:*]",
        )

    def _states_arn(self, kind: str, name: str) -> str:
        return self.format_arn(
            service="states",
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
