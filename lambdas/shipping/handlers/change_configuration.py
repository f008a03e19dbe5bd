"""For operators: stops a rollout of what shipping is told while it runs."""

from shared.runtime.configuration_stop import stopping

handler = stopping()
