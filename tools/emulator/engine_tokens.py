"""Refuses requests to a GraphQL API whose token its user pool did not issue, as AppSync does.

The emulator's AppSync reads a token's claims and checks nothing: whoever writes a token could be
anybody. Its API Gateway does check: signature, issuer, times. So requests come by that check first.

The emulator's interpreter loads this file by its path, so it imports the standard library and,
while it runs, the emulator alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.emulator.loopback_guard import Application

_PATH = re.compile(r"/v1/apis/([a-z0-9]+)/graphql")
_SIGNED = "AWS4-HMAC-SHA256"
_REFUSED = json.dumps(
    {"errors": [{"errorType": "UnauthorizedException", "message": "Valid authorization required."}]}
).encode()

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
IsIssued = Callable[[str, str], Awaitable[bool]]
"""Whether a GraphQL API, by its id, has no user pool, or has one that issued a token."""


class TokenCheck:
    """Around an ASGI application that answers as AppSync does."""

    def __init__(self, application: Application, is_issued: IsIssued) -> None:
        self._application = application
        self._is_issued = is_issued

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the application's own life span."""
        if scope["type"] == "http" and (api := _PATH.fullmatch(scope["path"])):
            headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
            token = headers.get(b"authorization", "")
            if not token.startswith(_SIGNED) and not await self._is_issued(api[1], token):
                await _refuse(send)
                return
        await self._application(scope, receive, send)


async def is_issued(api_id: str, token: str) -> bool:
    """As the emulator's own API Gateway judges it."""
    from ministack.services import apigateway_v1, appsync

    pool = (appsync._apis.get(api_id) or {}).get("userPoolConfig")
    if not pool:
        return True
    arn = f"arn:aws:cognito-idp:{pool['awsRegion']}:000000000000:userpool/{pool['userPoolId']}"
    _, refusal = await apigateway_v1._validate_cognito_authorizer(
        {"providerARNs": [arn]}, {}, {"authorization": token}, {}, {}
    )
    return refusal is None


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"x-amzn-errortype", b"UnauthorizedException"),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSED})
