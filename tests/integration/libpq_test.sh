#!/bin/bash
# libpq with an event loop of ours, against PostgreSQL.
. tests/integration/integration.sh
PATH=$PATH$(find /usr/lib/postgresql -name bin -printf ':%p' 2>/dev/null || true)
need initdb postgresql
build libpq libpq libpq-dev

# PostgreSQL refuses to run as root.
as_user=()
if (( EUID == 0 )); then
  need setpriv util-linux
  as_user=(setpriv --reuid nobody --regid nogroup --clear-groups)
  chown nobody "$scratch"
fi
export LC_ALL=C PGUSER=test PGDATABASE=postgres
cd "$scratch"
"${as_user[@]}" initdb --no-sync -A trust -U test data >log
exec {lines}< <(exec "${as_user[@]}" postgres -D data -k "$scratch" \
  -c listen_addresses= 2>&1)
server=$!
while read -ru "$lines" line; do
  [[ $line != *'ready to accept connections'* ]] || break
done

expect "$scratch/libpq" "$scratch" <<'END'
3 sockets, 1 number
1 + 1 = 2
4000000 letters, written at once: no
news: hello
END
