#!/bin/sh
# A netlink request for a list that is sent before the list before it was read to its
# end fails with EBUSY, and the failure arrives ahead of the rest of the first list.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: requests are answered in their order, and the sequence number tells
# which; a program may send the requests for links, addresses and routes at once
# and read. netlink(7) has "-EBUSY" nowhere.
# Seen: send() succeeds. The kernel keeps one list per socket, which it continues at
# each recv(), so the others are refused, with an NLMSG_ERROR between two parts of
# the first. This is so even if the first is short, as its end (NLMSG_DONE) still has
# to be read. Use a socket for each, or send when NLMSG_DONE is there.
/usr/bin/python3 - <<'PYTHON'
import errno
import platform
import socket
import struct
import sys

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
REQUESTS = {"links": 18, "addresses": 22, "routes": 26}  # RTM_GETLINK, ...
HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port


def request(kind, sequence):
    flags = NLM_F_REQUEST | NLM_F_DUMP
    return HEADER.pack(HEADER.size + 4, kind, flags, sequence, 0) + bytes(4)


def answers(netlink, count):
    """Return the ends of `count` lists in the order of their arrival."""
    ends = []
    while len(ends) < count:
        data = netlink.recv(1 << 16)
        while data:
            length, kind, _, sequence, _ = HEADER.unpack_from(data)
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                code = -struct.unpack_from("=i", data, HEADER.size)[0]
                name = list(REQUESTS)[sequence - 1]
                ends.append((name, errno.errorcode.get(code, "done")))
            data = data[length + 3 & ~3 :]
    return ends


print(f"Linux {platform.release()}, Python {platform.python_version()}")
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
    netlink.settimeout(30)
    in_turn = []
    for sequence, kind in enumerate(REQUESTS.values(), 1):
        netlink.send(request(kind, sequence))
        in_turn += answers(netlink, 1)
    print("each when the one before is done:", in_turn)
    for sequence, kind in enumerate(REQUESTS.values(), 1):
        netlink.send(request(kind, sequence))
    at_once = answers(netlink, len(REQUESTS))
    print("all at once:", at_once)
done = [(name, "done") for name in REQUESTS]
busy = [("addresses", "EBUSY"), ("routes", "EBUSY"), ("links", "done")]
sys.exit((in_turn, at_once) != (done, busy))
PYTHON
