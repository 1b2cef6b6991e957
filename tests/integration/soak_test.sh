#!/bin/bash
# A soak of http_server and chat_server: soak_test.sh [SECONDS].
. tests/integration/integration.sh
need python3 python3
python3 "$runfiles/tests/integration/soak.py" "${1:-30}" \
  "$runfiles/examples/http_server" "$runfiles/examples/chat_server"
