// `Address`: the address of a socket, as a value.

#ifndef LOOP_SOCKETS_ADDRESS_H_
#define LOOP_SOCKETS_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

struct sockaddr;

namespace loop {

/// The address of an IPv4, IPv6 or Unix socket.
///
/// ```cpp
/// loop::Address::ipv4("127.0.0.1", 80).repr();     // "127.0.0.1:80"
/// loop::Address::ipv6("fe80::1%eth0", 80).repr();  // "[fe80::1%eth0]:80"
/// loop::Address::unix_path("/run/x").repr();       // "/run/x"
/// loop::Address::abstract("x").repr();             // "@x"
/// ```
///
/// A value: copies are independent, == compares, and std::hash<Address> makes
/// it a key of unordered containers. Threads: any, one at a time.
///
/// Differs from Python: there an address is a tuple or a string, and a host may
/// be a name, which blocks; here getaddrinfo() looks up names.
class Address {
 public:
  /// The size of the largest address, in bytes: that of the system's
  /// sockaddr_storage.
  static constexpr std::size_t kCapacity = 128;

  /// Makes an address of no family (AF_UNSPEC), such as recvfrom(2) gives for a
  /// stream.
  Address() = default;

  /// Makes an IPv4 address. `host` is numeric: "127.0.0.1"; "" is any address
  /// of this machine (0.0.0.0). Throws ValueError if `host` is no IPv4 address.
  static Address ipv4(const std::string& host, std::uint16_t port);

  /// Makes an IPv6 address. `host` is numeric: "::1", "fe80::1%eth0"; "" is any
  /// address of this machine (::). A scope is the name or number of a network
  /// interface. Throws ValueError if `host` is no IPv6 address, or its scope is
  /// unknown.
  static Address ipv6(const std::string& host, std::uint16_t port);

  /// Makes the address of a Unix socket in the file system. Throws ValueError
  /// if `path` is empty, contains a NUL, or is longer than the system allows
  /// (107 bytes on Linux).
  static Address unix_path(const std::string& path);

  /// Makes the address of a Unix socket in Linux's abstract name space, which
  /// needs no file. Throws ValueError if `name` is too long (107 bytes).
  static Address abstract(std::string_view name);

  /// Copies an address in the system's form: `size` bytes at `address`, at most
  /// kCapacity.
  static Address from(const sockaddr* address, std::size_t size);

  /// The address family: AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC or another.
  int family() const;

  /// The numeric host, with its scope; "" for other families.
  std::string host() const;

  /// The port; 0 for other families.
  std::uint16_t port() const;

  /// The path of a Unix socket; "@name" in the abstract name space; "" for an
  /// unnamed socket and other families.
  std::string path() const;

  /// Returns "host:port", "[host]:port", the path, or the number of a family
  /// that is none of these.
  std::string repr() const;

  /// The address in the system's form, for system calls.
  const sockaddr* data() const;
  /// The size of the address in the system's form, in bytes.
  std::size_t size() const { return size_; }

  /// Returns whether both are the same address: equal families, hosts, scopes
  /// and ports, or equal paths.
  friend bool operator==(const Address& a, const Address& b) {
    return a.bytes() == b.bytes();
  }

 private:
  friend struct std::hash<Address>;

  template <class Native>
  static Address of(const Native& address, std::size_t size = sizeof(Native));
  template <class Native>
  Native as() const;
  std::string_view bytes() const { return {bytes_, size_}; }

  std::size_t size_ = 0;
  alignas(std::max_align_t) char bytes_[kCapacity] = {};
};

}  // namespace loop

/// The hash of an Address; equal addresses have equal hashes.
template <>
struct std::hash<loop::Address> {
  std::size_t operator()(const loop::Address& address) const noexcept {
    return std::hash<std::string_view>()(address.bytes());
  }
};

#endif  // LOOP_SOCKETS_ADDRESS_H_
