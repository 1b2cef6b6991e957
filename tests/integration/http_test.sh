#!/bin/bash
# curl and wrk against http_server.
. tests/integration/integration.sh
need curl curl
need wrk wrk
serve http_server
url=http://127.0.0.1:$port

ask() { timeout 60 curl --silent --show-error "$@"; }
x() { head -c "$1" /dev/zero | tr '\0' x; }

echo '--- three requests, one connection'
ask -w '%{num_connects} %{http_code}\n' "$url" "$url/bytes/3" "$url/other" |
  diff - <(printf '%s\n' 'Hello!' '1 200' 'xxx0 200' '404 Not Found' '0 404')

echo '--- HEAD'
ask --head "$url/bytes/1000" "$url" | tr -d '\r' | grep -i '^content-length' |
  diff - <(printf 'Content-Length: %d\n' 1000 7)

# curl sends the body only after "100 Continue", or after a minute.
echo '--- Expect: 100-continue'
head -c 1000000 /dev/urandom > "$scratch/body"
ask --header 'Expect: 100-continue' --expect100-timeout 60 --verbose \
  --data-binary "@$scratch/body" "$url/echo" 2>"$scratch/log" |
  cmp - "$scratch/body"
grep '^< HTTP' "$scratch/log" | tr -d '\r' |
  diff - <(printf '< HTTP/1.1 %s\n' '100 Continue' '200 OK')

echo '--- 100 MB'
ask "$url/bytes/100000000" | sha256sum |
  diff - <(x 100000000 | sha256sum)

echo '--- 20 downloads, 10 at a time'
ask --no-progress-meter --parallel --parallel-max 10 --output "$scratch/part#1" \
  "$url/bytes/[1000000-1000019]"
for size in {1000000..1000019}; do
  x "$size" | cmp - "$scratch/part$size"
done

# Without this script, wrk reports its errors only if there are any.
echo '--- wrk'
cat > "$scratch/report.lua" <<'END'
function done(summary)
  local errors = summary.errors
  print(string.format("requests: %s", summary.requests > 100 and "many" or
                      summary.requests))
  print(string.format("errors: connect %d, read %d, write %d, timeout %d",
                      errors.connect, errors.read, errors.write,
                      errors.timeout))
  print(string.format("not 2xx: %d", errors.status))
end
END
for target in / /bytes/100000; do
  timeout 100 wrk --threads 1 --connections 50 --duration 2s --timeout 60s \
    --script "$scratch/report.lua" "$url$target" | tee "$scratch/report"
  tail -n 3 "$scratch/report" | diff - <(printf '%s\n' 'requests: many' \
    'errors: connect 0, read 0, write 0, timeout 0' 'not 2xx: 0')
done
