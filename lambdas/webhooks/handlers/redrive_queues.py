"""For operators: sends dead letters of the service's queues to them once more."""

from shared.messaging import redrive_queues

handler = redrive_queues.handler
