#!/bin/bash
# Timers of Mojo::Reactor::Poll that are due in the same iteration run in an order that is
# another in each run of the program, whatever their times are.
#
# Seen with Mojolicious 9.31 (libmojolicious-perl 9.31+dfsg-1) and perl 5.36.0 (perl
# 5.36.0-7+deb12u2), Debian 12; EV 4.33 (libev-perl 4.33-2, libcommon-sense-perl 3.75-3)
# is right.
#
# The usual guess: timers run by their time, and those of equal time as they were made, as
# in most loops, or at least in an order that does not change.
# Seen: the timers are a hash, whose keys are random numbers, and the loop calls what is
# due in the order of "keys". One slow callback is enough, and "connect after 10 ms,
# give up after 100 ms" may give up first. Timers with a delay of 0, one for each step
# of a work, are shuffled as well. Mojolicious takes this reactor unless EV is installed,
# so a program may depend on which packages a machine has. Let a timer make the next one,
# or use next_tick(), which keeps the order.
#
# Output: timers of 10 ms to 200 ms after a pause of 300 ms, timers of 0, and next_tick()
#   Mojo::Reactor::Poll: times out of order, zeros out of order, next_tick() in order
#   EV: times in order
set -eu
[ -x /usr/bin/perl ] || { echo "The package perl is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libmojolicious-perl=9.31+dfsg-1 \
  libev-perl=4.33-2 libcommon-sense-perl=3.75-3 ||
  { echo "Mojolicious or EV cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg-deb -W "$package"; dpkg -x "$package" .; done
ev=$(dirname "$(find "$PWD" -name EV.pm)")
sense=$(dirname "$(find "$PWD" -path '*common/sense.pm')")
export PERL5LIB=$dir/usr/share/perl5:$ev:${sense%/common}
cat > probe.pl <<'PERL'
use strict;
use warnings;
use EV;
use Mojo::Reactor::Poll;

my @order;

sub order {
  my $result = "@order" eq join(" ", 1 .. 20) ? "in order" : "out of order";
  $result = "missing" if @order != 20;
  @order = ();
  return $result;
}

my $reactor = Mojo::Reactor::Poll->new;
for my $i (1 .. 20) { $reactor->timer($i / 100 => sub { push @order, $i }) }
select undef, undef, undef, 0.3;
$reactor->start;    # It returns when no timer is left.
my $times = order;
for my $i (1 .. 20) { $reactor->timer(0 => sub { push @order, $i }) }
$reactor->start;
my $zeros = order;
for my $i (1 .. 20) { $reactor->next_tick(sub { push @order, $i }) }
$reactor->start;
my $ticks = order;
print "Mojo::Reactor::Poll: times $times, zeros $zeros, next_tick() $ticks\n";

EV::now_update;
my @timers = map { my $i = $_; EV::timer $i / 100, 0, sub { push @order, $i } } 1 .. 20;
select undef, undef, undef, 0.3;
EV::run;
my $ev = order;
print "EV: times $ev\n";
exit !("$times, $zeros, $ticks, $ev" eq "out of order, out of order, in order, in order");
PERL
/usr/bin/perl probe.pl || { echo "The behaviour has changed"; exit 1; }
