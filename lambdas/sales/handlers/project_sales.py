"""Follows the event log and counts what was sold."""

from sales.handlers.projection import SALES

handler = SALES.follow_the_log
