#!/bin/bash
# OpenBSD's netcat against the three echo servers.
. tests/integration/integration.sh
need nc netcat-openbsd
[[ $(nc -h 2>&1) == OpenBSD* ]] || skip 'another nc here (Debian: netcat-openbsd)'

head -c 3000000 /dev/urandom > "$scratch/sent"

# Sends a file, ends this side (-N), and reads to the end.
echo_file() { timeout 60 nc -N 127.0.0.1 "$port" < "$1" | cmp - "$1"; }

for program in echo_selectors echo_callbacks echo_streams; do
  serve "$program"
  clients=()
  for _ in 1 2 3; do
    echo_file "$scratch/sent" &
    clients+=($!)
  done
  echo_file /dev/null
  # A client that leaves without reading its answer.
  timeout 60 nc -N 127.0.0.1 "$port" < "$scratch/sent" | head -c 1 >/dev/null ||
    true
  for client in "${clients[@]}"; do wait "$client"; done
  echo_file "$scratch/sent"
  echo "$program: all bytes came back"
  stop_serving
done
