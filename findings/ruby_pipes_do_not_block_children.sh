#!/bin/sh
# A program that Ruby starts gets a pipe that does not block, unless it is standard
# input or output; then Ruby changes it for the parent and all other children too.
#
# Seen with Ruby 3.1.2 (ruby3.1 3.1.7+really3.1.2-0+deb12u1, Debian 12).
#
# The usual guess: that the pipes of IO.pipe do not block (since Ruby 3.0) is a
# matter within Ruby; what spawn() passes on is an ordinary pipe.
# Seen: under number 5, "cat <&5" ends with "Resource temporarily unavailable" where
# it should wait. Under number 0, 1 or 2, spawn() clears O_NONBLOCK, which is a
# flag of the pipe's end, not of the number: the parent's end and that of an earlier
# child block from then on.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=3.1.7+really3.1.2-0+deb12u1
apt-get -q=2 -o APT::Sandbox::User=root download ruby3.1=$version libruby3.1=$version
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libruby-3.1.so.3.1')")
export LD_LIBRARY_PATH="$lib" RUBYLIB="$dir/usr/lib/ruby/3.1.0:$lib/ruby/3.1.0"
usr/bin/ruby3.1 --disable-gems - <<'RUBY'
require 'fcntl'

def blocks(io)
  io.fcntl(Fcntl::F_GETFL) & File::NONBLOCK == 0
end

def cat(number, reader)
  pid = spawn("cat <&#{number}", number => reader, out: '/dev/null')
  blocked = Process.wait(pid, Process::WNOHANG).nil?
  50.times do
    break unless blocked
    sleep 0.1
    blocked = Process.wait(pid, Process::WNOHANG).nil?
  end
  Process.kill('TERM', pid) if blocked
  Process.wait(pid) if blocked
  blocked
end

puts "ruby #{RUBY_VERSION}"
reader, _writer = IO.pipe
same = !blocks(reader)
waits = cat(5, reader)
puts "cat of number 5, nothing written yet: #{waits ? 'waits' : 'fails'}"
same &&= !waits && !blocks(reader)
waits = cat(0, reader)
puts "cat of number 0: #{waits ? 'waits' : 'fails'}"
puts "the parent's end #{blocks(reader) ? 'blocks now' : 'does not block'}"
same &&= waits && blocks(reader)
waits = cat(5, reader)
puts "cat of number 5 once more: #{waits ? 'waits' : 'fails'}"
exit same && waits
RUBY
