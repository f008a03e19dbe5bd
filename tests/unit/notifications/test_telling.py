"""A customer is told once, or nobody is; mail is sent as SES wants it."""

from __future__ import annotations

import pytest
from botocore.session import Session
from botocore.stub import Stubber

from notifications import commands
from notifications.adapters.ses_mailer import SesMailer
from notifications.domain.messages import Notification
from notifications.ports import BeingSent, Contact, Undeliverable

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


def ses() -> tuple[SesMailer, Stubber]:
    client = Session().create_client(
        "sesv2", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return SesMailer(client, "orders@parcelworks.example", "parcelworks-prod"), Stubber(client)


def test_ses_gets_one_message_to_one_address() -> None:
    mailer, stubber = ses()
    stubber.add_response(
        "send_email",
        {"MessageId": "m-1"},
        {
            "FromEmailAddress": "orders@parcelworks.example",
            "Destination": {"ToAddresses": ["ada@quillfeather.example"]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": "Your order o-1 is confirmed", "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": CONFIRMED.text("Ada Quillfeather"), "Charset": "UTF-8"}
                    },
                }
            },
            "ConfigurationSetName": "parcelworks-prod",
            "EmailTags": [{"Name": "template", "Value": "order-confirmed"}],
        },
    )
    with stubber:
        mailer.send(CONFIRMED, ADA)
        stubber.assert_no_pending_responses()


def test_what_ses_refuses_for_good_is_told_without_the_address() -> None:
    mailer, stubber = ses()
    words = "Email address is not verified: ada@quillfeather.example"
    stubber.add_client_error("send_email", "MessageRejected", words)
    with stubber, pytest.raises(Undeliverable) as refusal:
        mailer.send(CONFIRMED, ADA)
    assert "quillfeather" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_what_may_pass_is_raised_so_that_the_message_comes_again() -> None:
    mailer, stubber = ses()
    stubber.add_client_error("send_email", "TooManyRequestsException")
    with stubber, pytest.raises(Exception, match="TooManyRequestsException"):
        mailer.send(CONFIRMED, ADA)
