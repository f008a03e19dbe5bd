"""A customer is told once, or nobody is; mail is sent as SES wants it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import Session
from botocore.stub import Stubber

from contracts.product import PRODUCT
from notifications import commands
from notifications.adapters.ses_mailer import SesMailer
from notifications.domain.messages import Notification
from notifications.environment import NotificationEnvironment
from notifications.handlers.notify import _mailer
from notifications.ports import BeingSent, Contact, MailRefused, Undeliverable
from shared.runtime import aws
from tools.measure.benchmarks.probes.botocore_stub import Body

ADA = Contact("Ada Quillfeather", "ada@quillfeather.example")
CONFIRMED = Notification("e-1", "c-1", "order-confirmed", {"order": "o-1"})


class InMemoryLedger:
    """Implements ``notifications.ports.Ledger``."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}

    def claim(self, notification: Notification) -> bool:
        status = self.status.setdefault(notification.event_id, "new")
        if status == "sending":
            raise BeingSent(notification.event_id)
        self.status[notification.event_id] = "sending" if status == "new" else status
        return status == "new"

    def settle(self, notification: Notification, how: str) -> None:
        self.status[notification.event_id] = how


class People:
    """Implements ``notifications.ports.Contacts``."""

    def __init__(self, contact: Contact | None) -> None:
        self._contact = contact

    def read(self, customer_id: str) -> Contact | None:
        return self._contact


class Letterbox:
    """Implements ``notifications.ports.Mailer``."""

    def __init__(self, refuses: bool = False) -> None:
        self.sent: list[str] = []
        self._refuses = refuses

    def send(self, notification: Notification, contact: Contact) -> None:
        if self._refuses:
            raise Undeliverable
        self.sent.append(notification.text(contact.name))


def test_a_repeated_event_is_told_once() -> None:
    ledger, letterbox = InMemoryLedger(), Letterbox()
    told = [commands.tell(ledger, People(ADA), letterbox, CONFIRMED) for _ in range(3)]
    assert told == ["sent", "settled-before", "settled-before"]
    assert len(letterbox.sent) == 1


def test_nobody_is_told_in_place_of_who_is_forgotten() -> None:
    ledger, letterbox = InMemoryLedger(), Letterbox()
    assert commands.tell(ledger, People(None), letterbox, CONFIRMED) == "nobody"
    # And it stays so: who registers later is not told what was before.
    assert commands.tell(ledger, People(ADA), letterbox, CONFIRMED) == "settled-before"
    assert letterbox.sent == []


def test_what_cannot_be_delivered_is_not_tried_for_ever() -> None:
    ledger = InMemoryLedger()
    assert commands.tell(ledger, People(ADA), Letterbox(refuses=True), CONFIRMED) == "undeliverable"
    assert ledger.status == {"e-1": "undeliverable"}


def test_while_another_worker_sends_the_message_waits() -> None:
    ledger = InMemoryLedger()
    ledger.claim(CONFIRMED)
    with pytest.raises(BeingSent):
        commands.tell(ledger, People(ADA), Letterbox(), CONFIRMED)


def test_a_contact_is_never_shown() -> None:
    assert "Quillfeather" not in repr(ADA)
    assert "quillfeather" not in f"{ADA}"


@cache  # slow to make, and a stubber takes with it what it put in
def ses_client() -> Any:
    return Session().create_client(
        "sesv2", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def ses() -> tuple[SesMailer, Stubber]:
    mailer = SesMailer(ses_client(), f"orders@{PRODUCT}.example", f"{PRODUCT}-prod")
    return mailer, Stubber(ses_client())


def test_ses_gets_one_message_to_one_address() -> None:
    mailer, stubber = ses()
    stubber.add_response(
        "send_email",
        {"MessageId": "m-1"},
        {
            "FromEmailAddress": f"orders@{PRODUCT}.example",
            "Destination": {"ToAddresses": ["ada@quillfeather.example"]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": "Your order o-1 is confirmed", "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": CONFIRMED.text("Ada Quillfeather"), "Charset": "UTF-8"}
                    },
                }
            },
            "ConfigurationSetName": f"{PRODUCT}-prod",
            "EmailTags": [{"Name": "template", "Value": "order-confirmed"}],
        },
    )
    with stubber:
        mailer.send(CONFIRMED, ADA)
        stubber.assert_no_pending_responses()


def refused(code: str, words: str) -> Exception:
    """What the mailer makes of an error of SES."""
    mailer, stubber = ses()
    stubber.add_client_error("send_email", code, words)
    with stubber, pytest.raises((MailRefused, Undeliverable)) as refusal:
        mailer.send(CONFIRMED, ADA)
    assert "quillfeather" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    return refusal.value


@pytest.mark.parametrize(
    "words",
    ["Illegal address", "Missing final '@domain'", "Domain contains illegal character"],
)
def test_an_address_that_is_none_is_undeliverable(words: str) -> None:
    assert isinstance(refused("BadRequestException", words), Undeliverable)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region"
            f" EU-WEST-1: orders@prod.{PRODUCT}.example, ada@quillfeather.example",
        ),
        ("MailFromDomainNotVerifiedException", "The sending domain isn't verified."),
        ("MessageRejected", "Sending suspended for this account."),
        ("MessageRejected", "words that nobody has seen yet"),
        ("BadRequestException", "Email address is not verified: ada@quillfeather.example"),
        ("BadRequestException", "words that nobody has seen yet"),
        ("SendingPausedException", "Sending is paused for this account."),
        ("AccountSuspendedException", "The account's ability to send is restricted."),
        ("NotFoundException", f"Configuration set <{PRODUCT}-prod> does not exist."),
        ("LimitExceededException", "Daily message quota exceeded."),
        ("TooManyRequestsException", "Maximum sending rate exceeded."),
        ("AccessDeniedException", "not authorized to perform ses:SendEmail"),
    ],
)
def test_what_is_not_the_addresss_fault_settles_no_mail_and_is_counted(
    code: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = refused(code, words)
    assert isinstance(refusal, MailRefused)
    assert str(refusal) == code
    assert '"MailRefused":1' in capsys.readouterr().out

    class Refuses(Letterbox):
        def send(self, notification: Notification, contact: Contact) -> None:
            raise refusal

    ledger = InMemoryLedger()
    with pytest.raises(MailRefused):
        commands.tell(ledger, People(ADA), Refuses(), CONFIRMED)
    assert ledger.status == {"e-1": "sending"}  # a claim, which lapses


def test_a_mail_whose_answer_was_lost_is_not_sent_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    environment = NotificationEnvironment(
        "ledger",
        20,
        "arn",
        "arn",
        "ses",
        "url",
        "url",
        10,
        "{}",
        mail_from=f"orders@{PRODUCT}.example",
        configuration_set=f"{PRODUCT}-prod",
    )
    sent: list[str] = []

    def lose_the_answer(request: Any, **_event: Any) -> AWSResponse:
        sent.append(request.url)
        return AWSResponse(request.url, 500, HTTPHeaders(), Body(b"{}"))

    client = aws.client_that_tries_once("sesv2")
    client.meta.events.register("before-send", lose_the_answer, unique_id="lost")
    try:
        with pytest.raises(MailRefused):
            _mailer(environment).send(CONFIRMED, ADA)
    finally:
        client.meta.events.unregister("before-send", unique_id="lost")
        aws.client_that_tries_once.cache_clear()
    assert len(sent) == 1
