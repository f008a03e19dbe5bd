"""Follows the event log and keeps the order view up to date."""

from order_views.handlers.projection import ORDER_VIEW

handler = ORDER_VIEW.follow_the_log
