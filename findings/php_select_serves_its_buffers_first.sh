#!/bin/sh
# While one of its streams has buffered input, stream_select() of PHP reports that
# stream alone: no other that has input, and none that can be written.
#
# Seen with PHP 8.2.36 (php8.2-cli, php8.2-common 8.2.36-1~deb12u1, Debian 12).
#
# The usual guess: a buffered line makes the call return at once, as the manual has
# it, and the other streams are reported as select(2) finds them.
# Seen: if any buffer holds data, select(2) is not called, the array for writing comes
# back empty, and other streams are not among the readable ones. A loop that reads
# one line per event serves a chatty client to the end of its buffer, up to 8,192
# bytes, and nobody else. So read all lines that are there before the next call.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=8.2.36-1~deb12u1
apt-get -q=2 -o APT::Sandbox::User=root download php8.2-cli=$version \
  php8.2-common=$version
for package in *.deb; do dpkg -x "$package" .; done
usr/bin/php8.2 -n /dev/stdin <<'PHP'
<?php
function connection($lines) {
    $pair = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    fwrite($pair[1], $lines);
    return $pair;
}

[$chatty, $chatty_peer] = connection("1\n2\n3\n");
[$other, $other_peer] = connection("x\n");
$turns = [];
for ($turn = 0; $turn < 4; ++$turn) {
    $read = [$chatty, $other];
    $write = [$other];
    $except = null;
    stream_select($read, $write, $except, 0);
    $names = [];
    foreach ($read as $stream) {
        $names[] = $stream === $chatty ? 'chatty' : 'other';
    }
    $turns[] = implode(' ', $names) . ($write ? ' +writable' : '');
    if (in_array($chatty, $read, true)) {
        fgets($chatty); // the first one reads all three lines into the buffer
    }
}
echo 'PHP ', PHP_VERSION, "\n";
echo implode(', ', $turns), "\n";
$expected = ['chatty other +writable', 'chatty', 'chatty', 'other +writable'];
exit($turns === $expected ? 0 : 1);
PHP
