"""The one place where refusals become gRPC statuses, with details that programs can read."""

from typing import NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pricing_server.domain.errors import CannotSign, Invalid, PricingError
from shared.runtime.product import product

DETAILS = "grpc-status-details-bin"
RETRY_SECONDS = 1


async def refuse(
    context: grpc.aio.ServicerContext,
    code: grpc.StatusCode,
    reason: str,
    message: str,
    *details: Message,
) -> NoReturn:
    """End the call with a status. ``reason`` is for programs, such as PRICE_UNKNOWN."""
    about = ErrorInfo(reason=reason, domain=f"pricing.{product()}.example")
    status = Status(code=code.value[0], message=message)
    for detail in (about, *details):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    trailers = ((DETAILS, status.SerializeToString()),)
    await context.abort(code, message, trailers)
    raise AssertionError("abort raises")


async def refuse_for(context: grpc.aio.ServicerContext, refusal: PricingError) -> NoReturn:
    """The status of a refusal of the domain."""
    match refusal:
        case Invalid(fields):
            wrong = BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(field=it.field, description=it.rule) for it in fields
                ]
            )
            words = "; ".join(f"{it.field}: {it.rule}" for it in fields[:5])
            await refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID", words, wrong)
        case CannotSign():
            await refuse(
                context,
                grpc.StatusCode.UNAVAILABLE,
                "CANNOT_SIGN",
                "no offer can be signed at present; try again",
                RetryInfo(retry_delay=Duration(seconds=RETRY_SECONDS)),
            )
    raise refusal
