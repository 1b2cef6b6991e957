#!/bin/bash
# Streams against CPython's asyncio: each is client and server of the other and of
# itself, in the conversations of scenarios.txt. The logs of all pairs must be
# equal.
. tests/integration/integration.sh
need python3 python3

# shellcheck disable=SC2034  # Used by name.
asyncio=(python3 tests/integration/scenarios.py)
# shellcheck disable=SC2034
streams=("$runfiles/tests/integration/scenarios")
file=tests/integration/scenarios.txt

# Lets a client talk to a server, and keeps their logs.
talk() {
  local -n client=$1 listener=$2
  local line
  exec {lines}< <(exec timeout 60 "${listener[@]}" server "$file")
  server=$!
  read -ru "$lines" line
  timeout 60 "${client[@]}" client "$file" "${line##*:}" \
    > "$scratch/client.$1.$2"
  cat <&"$lines" > "$scratch/server.$1.$2"
  exec {lines}<&-
}

for client_name in asyncio streams; do
  for server_name in asyncio streams; do
    pair=$client_name.$server_name
    talk "$client_name" "$server_name"
    for side in client server; do
      diff "$scratch/$side.asyncio.asyncio" "$scratch/$side.$pair"
    done
    echo "$pair: $(grep -c ^scenario "$scratch/client.$pair") scenarios"
  done
done
