"""The commands of webhooks: keep an endpoint, and tell a partner of an order."""

from collections.abc import Callable
from datetime import datetime, timedelta

from webhooks.domain import notices
from webhooks.domain.notices import Notice
from webhooks.ports import (
    Customers,
    Deliveries,
    Endpoint,
    Endpoints,
    GivenUp,
    NotTaken,
    Paused,
    Receivers,
    Refused,
)

DAY = timedelta(days=1)
"""For so long after it happened a partner is told of something."""
NOBODYS, NO_ENDPOINT = "nobodys", "no-endpoint"
DELIVERED_BEFORE, DELIVERED = "delivered-before", "delivered"

Now = Callable[[], datetime]


def keep_endpoint(
    endpoints: Endpoints,
    receivers: Receivers,
    partner: str,
    endpoint: Endpoint,
    challenge: str,
    now: datetime,
) -> bool:
    """Keep where a partner is told, once it has answered a challenge; whether it is the first.

    Whoever registers an address shows so that it is told there by its own wish, and with which
    secret. The same endpoint again is not asked again.

    Raises:
        Refused: it does not answer as it should.
    """
    kept = endpoints.of(partner)
    if kept is not None and (kept.url, kept.secret) == (endpoint.url, endpoint.secret):
        return False
    body = notices.challenge(challenge, _text(now))
    headers = notices.signed(endpoint.secret, challenge, int(now.timestamp()), body)
    try:
        said = receivers.post(endpoint, headers, body)
    except NotTaken as not_taken:
        raise Refused(str(not_taken)) from not_taken
    if challenge.encode() not in said:
        raise Refused("the answer does not say the challenge")
    endpoints.keep(partner, endpoint)
    return kept is None


class Telling:
    """Everything that telling partners needs."""

    def __init__(
        self,
        endpoints: Endpoints,
        customers: Customers,
        deliveries: Deliveries,
        receivers: Receivers,
        now: Now,
    ) -> None:
        self._endpoints = endpoints
        self._customers = customers
        self._deliveries = deliveries
        self._receivers = receivers
        self._now = now

    def tell(self, notice: Notice, customer_id: str) -> str:
        """Tell the partner whose customer it is, if there is one, and return how it ended.

        A worker that dies between the answer and the note of it tells again: receivers know a
        repetition by its ``webhook-id``. Nothing else can tell twice.

        Raises:
            Paused, NotTaken, BeingSent: it must come again.
            GivenUp: for a day it has come again.
        """
        partner = self._customers.partner_of(customer_id)
        if partner is None:
            return NOBODYS
        endpoint = self._endpoints.of(partner)
        if endpoint is None:
            return NO_ENDPOINT
        if endpoint.paused_until > self._now().timestamp():
            self._give_up_after_a_day(notice)
            raise Paused
        if not self._deliveries.claim(notice.id, partner):
            return DELIVERED_BEFORE
        seconds = int(self._now().timestamp())
        headers = notices.signed(endpoint.secret, notice.id, seconds, notice.body)
        try:
            self._receivers.post(endpoint, headers, notice.body)
        except NotTaken:
            self._endpoints.failed(partner, endpoint.url, int(self._now().timestamp()))
            self._deliveries.let_go(notice.id)
            self._give_up_after_a_day(notice)
            raise
        self._deliveries.settle(notice.id)
        if endpoint.paused_until:
            self._endpoints.took(partner, endpoint.url)
        return DELIVERED

    def _give_up_after_a_day(self, notice: Notice) -> None:
        if self._now() - datetime.fromisoformat(notice.occurred_at) > DAY:
            raise GivenUp


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
