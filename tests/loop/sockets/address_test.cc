#include "loop/sockets/address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>
#include <unordered_set>

#include "selectors/errors.h"

namespace loop {
namespace {

TEST(Address, Prints) {
  EXPECT_EQ(Address::ipv4("127.0.0.1", 80).repr(), "127.0.0.1:80");
  EXPECT_EQ(Address::ipv4("", 0).repr(), "0.0.0.0:0");
  EXPECT_EQ(Address::ipv6("::1", 65535).repr(), "[::1]:65535");
  EXPECT_EQ(Address::ipv6("", 8080).repr(), "[::]:8080");
  EXPECT_EQ(Address::ipv6("2001:DB8:0:0:0:0:0:1", 1).repr(), "[2001:db8::1]:1");
  EXPECT_EQ(Address::unix_path("/run/x").repr(), "/run/x");
  EXPECT_EQ(Address::abstract("x").repr(), "@x");
  EXPECT_EQ(Address().repr(), "no address");
}

TEST(Address, HasParts) {
  const Address inet = Address::ipv4("192.0.2.1", 8080);
  EXPECT_EQ(inet.family(), AF_INET);
  EXPECT_EQ(inet.host(), "192.0.2.1");
  EXPECT_EQ(inet.port(), 8080);
  EXPECT_EQ(inet.path(), "");

  const Address local = Address::unix_path("relative/path");
  EXPECT_EQ(local.family(), AF_UNIX);
  EXPECT_EQ(local.path(), "relative/path");
  EXPECT_EQ(local.host(), "");
  EXPECT_EQ(local.port(), 0);
}

TEST(Address, ScopeByNameAndNumber) {
  const Address by_name = Address::ipv6("fe80::1%lo", 80);
  EXPECT_EQ(by_name.repr(), "[fe80::1%lo]:80");
  EXPECT_EQ(by_name, Address::ipv6("fe80::1%1", 80));
  // The number of an interface that does not exist stays a number.
  EXPECT_EQ(Address::ipv6("fe80::1%4000000", 80).host(), "fe80::1%4000000");
  EXPECT_THROW(Address::ipv6("fe80::1%no_such", 80), selectors::ValueError);
  EXPECT_THROW(Address::ipv6("fe80::1%", 80), selectors::ValueError);
}

TEST(Address, RefusesNames) {
  for (const char* const host : {"localhost", "127.0.0", "127.0.0.1 ", "::1"}) {
    EXPECT_THROW(Address::ipv4(host, 80), selectors::ValueError) << host;
  }
  for (const char* const host : {"localhost", "127.0.0.1", "::1::", "[::1]"}) {
    EXPECT_THROW(Address::ipv6(host, 80), selectors::ValueError) << host;
  }
  EXPECT_THROW(Address::ipv4(std::string("127.0.0.1\0x", 11), 80),
               selectors::ValueError);
  try {
    Address::ipv4("localhost", 80);
  } catch (const selectors::ValueError& error) {
    EXPECT_EQ(std::string(error.what()),
              "'localhost' is not a numeric IPv4 address; getaddrinfo() looks "
              "up names");
  }
}

TEST(Address, LimitsOfUnixAddresses) {
  const std::string longest(107, 'x');
  EXPECT_EQ(Address::unix_path(longest).path(), longest);
  EXPECT_EQ(Address::abstract(longest).path(), "@" + longest);
  EXPECT_THROW(Address::unix_path(longest + "x"), selectors::ValueError);
  EXPECT_THROW(Address::abstract(longest + "x"), selectors::ValueError);
  EXPECT_THROW(Address::unix_path(""), selectors::ValueError);
  EXPECT_THROW(Address::unix_path(std::string("a\0b", 3)),
               selectors::ValueError);
  EXPECT_EQ(Address::abstract(std::string("a\0b", 3)).path(),
            std::string("@a\0b", 4));
}

TEST(Address, ComparesByValue) {
  EXPECT_EQ(Address::ipv4("127.0.0.1", 80), Address::ipv4("127.0.0.1", 80));
  EXPECT_NE(Address::ipv4("127.0.0.1", 80), Address::ipv4("127.0.0.1", 81));
  EXPECT_NE(Address::ipv4("", 80), Address::ipv6("", 80));
  EXPECT_NE(Address::unix_path("x"), Address::abstract("x"));
  EXPECT_EQ(Address(), Address());
}

TEST(Address, CopiesTheSystemsForm) {
  const Address original = Address::ipv6("fe80::1%lo", 80);
  const Address copy = Address::from(original.data(), original.size());
  EXPECT_EQ(copy, original);
  EXPECT_EQ(copy.repr(), original.repr());
}

TEST(Address, IsAKeyOfUnorderedContainers) {
  const std::unordered_set<Address> peers = {
      Address::ipv4("127.0.0.1", 80), Address::ipv4("127.0.0.1", 81),
      Address::ipv4("127.0.0.1", 80), Address::unix_path("x")};
  EXPECT_EQ(peers.size(), 3u);
  EXPECT_TRUE(peers.contains(Address::unix_path("x")));
}

// The size of a path may count its NUL, more than that, or nothing.
TEST(Address, OnePathHasOneForm) {
  sockaddr_un native{};
  native.sun_family = AF_UNIX;
  native.sun_path[0] = 'x';
  native.sun_path[2] = 'y';  // Behind the NUL: no part of the path.
  const auto* const address = reinterpret_cast<const sockaddr*>(&native);
  const Address path = Address::unix_path("x");
  for (std::size_t more = 1; more < 10; ++more) {
    const Address copy =
        Address::from(address, offsetof(sockaddr_un, sun_path) + more);
    EXPECT_EQ(copy, path) << more;
    EXPECT_EQ(std::hash<Address>()(copy), std::hash<Address>()(path)) << more;
  }
}

// recvfrom(2) writes no address for a stream.
TEST(Address, FromNothing) { EXPECT_EQ(Address::from(nullptr, 0), Address()); }

// The kernel says no more of an unnamed Unix socket than its family.
TEST(Address, UnnamedUnixSocket) {
  const Address named = Address::unix_path("x");
  const Address unnamed = Address::from(named.data(), sizeof(sa_family_t));
  EXPECT_EQ(unnamed.family(), AF_UNIX);
  EXPECT_EQ(unnamed.path(), "");
  EXPECT_EQ(unnamed.repr(), "unnamed Unix socket");
}

}  // namespace
}  // namespace loop
