#!/bin/sh
# When the clock is set back an hour, a timer of one second of Tcl, of Twisted and
# of IO::Async runs an hour late.
#
# Seen with Tcl 8.6.13 (tcl8.6 8.6.13+dfsg-2), Twisted 22.4.0 (python3-twisted
# 22.4.0-4+deb12u1) and IO::Async 0.802 (libio-async-perl 0.802-1), Debian 12, which
# has also the perl, python3 3.11.2-1+b1 and C compiler that the script needs.
#
# The usual guess: a delay is measured with CLOCK_MONOTONIC, as asyncio, libuv, GLib
# and AnyEvent do; after(n), callLater() and watch_time(after =>) ask for a duration.
# Seen: all three add the delay to the time of day and compare with the time of day.
# If NTP or an administrator sets the clock back, all timers stop for that long.
# The library below sets the clock back for one program alone.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download tcl8.6=8.6.13+dfsg-2 \
  libtcl8.6=8.6.13+dfsg-2 libio-async-perl=0.802-1 libfuture-perl=0.49-1 \
  libstruct-dumb-perl=0.14-1 python3-twisted=22.4.0-4+deb12u1 python3-attr=22.2.0-1 \
  python3-constantly=15.1.0-4 python3-incremental=21.3.0-2 \
  python3-zope.interface=5.5.2-1+b1
for package in *.deb; do dpkg -x "$package" .; done
basename -a -s .deb tcl* python3-twisted* libio-async*
LD_LIBRARY_PATH=$(dirname "$(find "$dir" -name libtcl8.6.so)")
export LD_LIBRARY_PATH PERL5LIB="$dir/usr/share/perl5" \
  PYTHONPATH="$dir/usr/lib/python3/dist-packages" TCL_LIBRARY="$dir/usr/share/tcltk/tcl8.6"
cc -shared -fPIC -o back.so -x c - <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *time) {
  int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, time);
  if (id == CLOCK_REALTIME && access("back", F_OK) == 0) time->tv_sec -= 3600;
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return result;
}
C
cat >timer.tcl <<'TCL'
after 1000 exit
after 100 {close [open back w]}
vwait forever
TCL
cat >timer.py <<'PYTHON'
from twisted.internet import reactor
reactor.callLater(1, reactor.stop)
reactor.callLater(0.1, lambda: open("back", "w").close())
reactor.run()
PYTHON
sed 's/^from.*/import asyncio; reactor = asyncio.new_event_loop()/; s/callLater/call_later/;
  s/reactor.run()/reactor.run_forever()/' timer.py >asyncio_timer.py
cat >timer.pl <<'PERL'
use IO::Async::Loop;
my $loop = IO::Async::Loop->new;
$loop->watch_time(after => 1, code => sub { exit });
$loop->watch_time(after => 0.1, code => sub { open my $file, '>', 'back' });
$loop->run;
PERL
late() { # the timer runs within 60 s, and not within 10 s if the clock is set back
  rm -f back
  timeout 60 "$@" && rm back
  if LD_PRELOAD=./back.so timeout 10 "$@"; then echo "$*: runs"; return 1; fi
  test -e back && echo "$*: does not run once the clock is set back"
}
late usr/bin/tclsh8.6 timer.tcl
late /usr/bin/python3 -W ignore timer.py
late perl timer.pl
! late /usr/bin/python3 asyncio_timer.py
