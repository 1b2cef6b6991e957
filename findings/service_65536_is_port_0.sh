#!/bin/sh
# getaddrinfo() takes a service number above 65,535 and cuts it to 16 bits.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) through CPython 3.11.2
# (python3 3.11.2-1+b1), which passes a string on as it is.
#
# The usual guess: EAI_SERVICE, "servname not supported for ai_socktype", as for
# any other text that is no port.
# Seen: "65536" is port 0, which a server binds to any free port and a client
# cannot connect to; "131152" is port 80. A port from a configuration file needs
# a check of its own. Python itself checks only ports that are numbers.
/usr/bin/python3 - <<'PYTHON'
import platform, socket, sys

print("Python", platform.python_version(), *platform.libc_ver())


def port(service):
  try:
    return socket.getaddrinfo("127.0.0.1", service)[0][4][1]
  except socket.gaierror as error:
    return error.strerror


services = "80", "65535", "65536", "131152", "no-such-service"
seen = [port(service) for service in services]
for service, answer in zip(services, seen):
  print(f"{service!r}: {answer}")
sys.exit(seen[:4] != [80, 65535, 0, 80] or "not supported" not in seen[4])
PYTHON
