#!/bin/bash
# A Mojo::IOLoop::Stream that was stopped reads everything and closes as soon as its peer
# hangs up; while the peer is there, stop() stops it.
#
# Seen with Mojolicious 9.31 (libmojolicious-perl 9.31+dfsg-1) and perl 5.36.0 (perl
# 5.36.0-7+deb12u2), Debian 12.
#
# The usual guess: between stop(), "stop watching for new data on the stream", and start()
# there are no events of type "read". A proxy stops one side while the other is slow.
# Seen: stop() asks poll(2) for no event, but poll(2) tells of POLLHUP and POLLERR without
# being asked, and Mojo::Reactor::Poll takes both for "readable". So the program that the
# stop() protects gets all that is queued, piece by piece, and then the end: a slow side
# is flooded just when a fast peer has finished, and a handler that was not ready meets
# its data. It is so for pipes and Unix sockets, whose peer hangs up with close(). A TCP
# connection hangs up when it is reset. Keep the data of "read" while you are stopped.
#
# Output: events within 0.3 s of a stopped stream, to which its peer has written
#   socket, peer open: none
#   socket, peer closed: read 100000, close
#   pipe, writer open: none
#   pipe, writer closed: read 50000, close
set -eu
[ -x /usr/bin/perl ] || { echo "The package perl is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libmojolicious-perl=9.31+dfsg-1 ||
  { echo "Mojolicious cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg-deb -W "$package"; dpkg -x "$package" .; done
cat > probe.pl <<'PERL'
use strict;
use warnings;
use Mojo::IOLoop;
use Mojo::Reactor::Poll;
use Socket;

# Returns what a stopped stream of $reader does; its peer $writer has sent the data.
sub events {
  my ($name, $reader, $writer, $data, $close) = @_;
  my $loop = Mojo::IOLoop->new(reactor => Mojo::Reactor::Poll->new);
  my $stream = Mojo::IOLoop::Stream->new($reader);
  my ($bytes, $events) = (0, "");
  $stream->on(read => sub { $bytes += length $_[1]; $events = "read $bytes" });
  $stream->on(close => sub { $events .= ", close" });
  $loop->stream($stream);
  $stream->start;
  $stream->stop;
  syswrite($writer, $data) == length $data or die "syswrite: $!";
  close $writer if $close;
  $loop->timer(0.3 => sub { $loop->stop });
  $loop->start;
  $events ||= "none";
  print "$name: $events\n";
  return $events;
}

my @results;
for my $close (0, 1) {
  socketpair my $reader, my $writer, AF_UNIX, SOCK_STREAM, 0 or die "socketpair: $!";
  my $name = "socket, peer " . ($close ? "closed" : "open");
  push @results, events($name, $reader, $writer, "a" x 100_000, $close);
}
for my $close (0, 1) {
  pipe my $reader, my $writer or die "pipe: $!";
  my $name = "pipe, writer " . ($close ? "closed" : "open");
  push @results, events($name, $reader, $writer, "a" x 50_000, $close);
}
exit !("@results" eq "none read 100000, close none read 50000, close");
PERL
PERL5LIB=$dir/usr/share/perl5 /usr/bin/perl probe.pl ||
  { echo "The behaviour has changed"; exit 1; }
