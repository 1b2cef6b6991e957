#!/bin/sh
# can_read() and can_write() of an empty IO::Select return at once, whatever their
# time-out; select(), IO::Poll and select() of an IO::Select wait.
#
# Seen with IO::Select 1.49 of perl 5.36.0 (perl-base 5.36.0-7+deb12u2, Debian 12).
#
# The usual guess: with nothing to watch, the call is a sleep, as select(2) and
# poll(2) with no descriptor are, and Python's selectors.
# Seen: no set of bits exists yet, and the method returns without a system call. A
# loop "serve what can be read, then do the work of each second" becomes a busy
# loop when its last client has gone. The documentation hints at it only for a
# call without a time-out: it blocks if "any handles are registered".
perl <<'PERL'
use strict;
use warnings;
use IO::Poll;
use IO::Select;
use Time::HiRes 'time';

sub waited {
    my ($name, $call) = @_;
    my $start = time;
    $call->();
    my $long = time - $start >= 1.4;
    printf "%-34s %s\n", $name, $long ? 'waits 1.5 s' : 'returns at once';
    return $long;
}

printf "perl %vd, IO::Select %s, IO::Poll %s\n", $^V, $IO::Select::VERSION,
    $IO::Poll::VERSION;
pipe my $reader, my $writer or die;
my $idle = IO::Select->new($reader);
my $emptied = IO::Select->new($reader);
$emptied->remove($reader);
my $same = waited('select() of nothing', sub { select undef, undef, undef, 1.5 });
$same &&= waited('IO::Poll, empty', sub { IO::Poll->new->poll(1.5) });
$same &&= waited('can_read(1.5), one idle pipe', sub { $idle->can_read(1.5) });
$same &&= !waited('can_read(1.5), empty', sub { IO::Select->new->can_read(1.5) });
$same &&= !waited('can_read(1.5), last one removed', sub { $emptied->can_read(1.5) });
exit !$same;
PERL
