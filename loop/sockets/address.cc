#include "loop/sockets/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "selectors/errors.h"

namespace loop {
namespace {

using selectors::ValueError;

static_assert(sizeof(sockaddr_storage) <= Address::kCapacity);

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);

// The number of a network interface, given by name or number; 0 if there is
// none.
std::uint32_t scope_id(const std::string& scope) {
  std::uint32_t number = 0;
  const char* const end = scope.data() + scope.size();
  const auto [rest, error] = std::from_chars(scope.data(), end, number);
  if (error == std::errc() && rest == end) return number;
  return ::if_nametoindex(scope.c_str());
}

std::string scope_repr(std::uint32_t number) {
  std::array<char, IF_NAMESIZE> name;
  if (::if_indextoname(number, name.data()) != nullptr) return name.data();
  return std::to_string(number);
}

// Parses a numeric host into `binary`, an in_addr or in6_addr.
void parse(int family, const std::string& host, void* binary) {
  const bool has_nul = host.find('\0') != host.npos;
  if (!has_nul && ::inet_pton(family, host.c_str(), binary) == 1) return;
  throw ValueError("'" + host + "' is not a numeric " +
                   (family == AF_INET ? "IPv4" : "IPv6") +
                   " address; getaddrinfo() looks up names");
}

template <class Binary>
std::string host_repr(int family, const Binary& binary) {
  std::array<char, INET6_ADDRSTRLEN> text;
  return ::inet_ntop(family, &binary, text.data(), text.size());
}

std::size_t checked_length(std::string_view name, std::size_t longest) {
  if (name.size() <= longest) return name.size();
  throw ValueError(
      "'" + std::string(name) +
      "' is too long for a Unix socket: " + std::to_string(name.size()) +
      " bytes, at most " + std::to_string(longest));
}

}  // namespace

template <class Native>
Address Address::of(const Native& address, std::size_t size) {
  return from(reinterpret_cast<const sockaddr*>(&address), size);
}

template <class Native>
Native Address::as() const {
  Native native{};
  std::memcpy(&native, bytes_, std::min(size_, sizeof(native)));
  return native;
}

Address Address::ipv4(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (!host.empty()) parse(AF_INET, host, &address.sin_addr);
  return of(address);
}

Address Address::ipv6(const std::string& host, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  const std::size_t percent = host.find('%');
  if (!host.empty()) {
    parse(AF_INET6, host.substr(0, percent), &address.sin6_addr);
  }
  if (percent != host.npos) {
    const std::string scope = host.substr(percent + 1);
    address.sin6_scope_id = scope_id(scope);
    if (address.sin6_scope_id == 0) {
      throw ValueError("'" + host + "': there is no network interface '" +
                       scope + "'");
    }
  }
  return of(address);
}

Address Address::unix_path(const std::string& path) {
  if (path.empty() || path.find('\0') != path.npos) {
    throw ValueError("'" + path +
                     "' is no path of a Unix socket: empty, or with a NUL");
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = checked_length(path, sizeof(address.sun_path) - 1);
  std::memcpy(address.sun_path, path.data(), length);
  return of(address, kPathOffset + length + 1);
}

// A leading NUL instead of a file name; the name may contain any bytes.
Address Address::abstract(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = checked_length(name, sizeof(address.sun_path) - 1);
  std::memcpy(address.sun_path + 1, name.data(), length);
  return of(address, kPathOffset + 1 + length);
}

Address Address::from(const sockaddr* address, std::size_t size) {
  Address copy;
  copy.size_ = std::min(size, kCapacity);
  if (copy.size_ != 0) std::memcpy(copy.bytes_, address, copy.size_);
  // The size of a path may count a NUL and bytes behind it, or no NUL.
  const std::string path = copy.path();
  if (!path.empty() && copy.bytes_[kPathOffset] != '\0') {
    copy.size_ = std::min(kPathOffset + path.size() + 1, kCapacity);
  }
  return copy;
}

int Address::family() const { return as<sockaddr>().sa_family; }

std::string Address::host() const {
  if (family() == AF_INET) {
    return host_repr(AF_INET, as<sockaddr_in>().sin_addr);
  }
  if (family() != AF_INET6) return "";
  const auto address = as<sockaddr_in6>();
  std::string text = host_repr(AF_INET6, address.sin6_addr);
  if (address.sin6_scope_id != 0) {
    text += "%" + scope_repr(address.sin6_scope_id);
  }
  return text;
}

std::uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>().sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>().sin6_port);
  return 0;
}

// A NUL ends a path, but not an abstract name.
std::string Address::path() const {
  if (family() != AF_UNIX || size_ <= kPathOffset) return "";
  const std::string_view name(bytes_ + kPathOffset, size_ - kPathOffset);
  if (name.front() == '\0') return "@" + std::string(name.substr(1));
  return std::string(name.substr(0, name.find('\0')));
}

std::string Address::repr() const {
  switch (family()) {
    case AF_INET:
      return host() + ":" + std::to_string(port());
    case AF_INET6:
      return "[" + host() + "]:" + std::to_string(port());
    case AF_UNIX:
      return path().empty() ? "unnamed Unix socket" : path();
    case AF_UNSPEC:
      return "no address";
  }
  return "address of family " + std::to_string(family());
}

const sockaddr* Address::data() const {
  return reinterpret_cast<const sockaddr*>(bytes_);
}

}  // namespace loop
