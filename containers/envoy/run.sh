#!/bin/bash
# Runs Envoy with the arguments that are given. Envoy itself ends at once when it is asked to: here it
# first fails its health check, then takes no new connections, and calls under way go on meanwhile.
#
# ADMIN_PORT is that of its admin interface, DRAIN_SECONDS how long it drains: three looks at its
# health, and a little.
set -u

ask_envoy() {
    exec 3<>"/dev/tcp/127.0.0.1/${ADMIN_PORT:-9901}" || return
    printf 'POST %s HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$1" >&3
    head -n 1 <&3
    exec 3>&-
}

drain() {
    ask_envoy /healthcheck/fail
    ask_envoy '/drain_listeners?graceful&skip_exit'
    sleep "${DRAIN_SECONDS:-20}" &
    wait $!
    kill -TERM "$envoy"
}

${ENVOY:-envoy} "$@" &
envoy=$!
trap drain TERM INT
wait "$envoy"
status=$?
while kill -0 "$envoy" 2>/dev/null; do  # a signal has ended the wait, not Envoy
    wait "$envoy"
    status=$?
done
exit "$status"
