#!/bin/bash
# hiredis with an event loop of ours, against Redis.
. tests/integration/integration.sh
need redis-server redis-server
build hiredis hiredis libhiredis-dev

exec {lines}< <(exec redis-server --port 0 --unixsocket "$scratch/socket" \
  --save '' --dir "$scratch")
server=$!
while read -ru "$lines" line; do
  [[ $line != *'eady to accept connections'* ]] || break
done

expect "$scratch/hiredis" "$scratch/socket" <<'END'
connected: yes
disconnected: asked for
100 answers
the number again: yes
connected: yes
disconnected: Server closed the connection
END
