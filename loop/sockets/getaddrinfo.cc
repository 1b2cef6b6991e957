#include "loop/sockets/getaddrinfo.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "loop/futures/to_thread.h"
#include "loop/sockets/kernel.h"
#include "selectors/errors.h"

namespace loop {
namespace {

using Answers = std::vector<AddressInfo>;

class GaiCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int code) const override { return ::gai_strerror(code); }
};

const std::error_category& gai_category() {
  static const GaiCategory category;
  return category;
}

// A question to the resolver, with all that its answer needs.
struct Question {
  std::string host;
  std::string service;
  AddressHints hints;

  std::string repr() const {
    return "getaddrinfo of '" + host + "', service '" + service + "'";
  }
};

[[noreturn]] void throw_error(int code, int error, const std::string& what) {
  if (code == EAI_SYSTEM) throw selectors::make_os_error(error, what);
  throw GaiError(code, what);
}

const char* c_string_or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

AddressInfo copy_of(const addrinfo& native) {
  return {native.ai_family, native.ai_socktype, native.ai_protocol,
          native.ai_canonname == nullptr ? "" : native.ai_canonname,
          Address::from(native.ai_addr, native.ai_addrlen)};
}

// Asks the resolver. Returns nullopt for EAI_NONAME.
std::optional<Answers> ask(const Question& question, int more_flags) {
  addrinfo hints{};
  hints.ai_family = question.hints.family;
  hints.ai_socktype = question.hints.type;
  hints.ai_protocol = question.hints.protocol;
  hints.ai_flags = question.hints.flags | more_flags;
  addrinfo* first = nullptr;
  const int code =
      kernel::getaddrinfo(c_string_or_null(question.host),
                          c_string_or_null(question.service), &hints, &first);
  if (code == EAI_NONAME) return std::nullopt;
  if (code != 0) throw_error(code, errno, question.repr());
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(first,
                                                             ::freeaddrinfo);
  Answers answers;
  for (const addrinfo* i = first; i != nullptr; i = i->ai_next) {
    answers.push_back(copy_of(*i));
  }
  return answers;
}

Answers ask_or_throw(const Question& question) {
  if (auto answers = ask(question, 0)) return *std::move(answers);
  throw GaiError(EAI_NONAME, question.repr());
}

// The C library drops the upper bits of a larger port.
bool is_port_above_maximum(const std::string& service) {
  std::uint64_t port = 0;
  const char* const end = service.data() + service.size();
  const auto [rest, error] = std::from_chars(service.data(), end, port);
  if (rest != end || rest == service.data()) return false;
  return error == std::errc::result_out_of_range ||
         port > std::numeric_limits<std::uint16_t>::max();
}

void check(const Question& question) {
  if (question.host.find('\0') != std::string::npos ||
      question.service.find('\0') != std::string::npos) {
    throw selectors::ValueError(question.repr() + ": contains a NUL");
  }
  if (is_port_above_maximum(question.service)) {
    throw GaiError(EAI_SERVICE, question.repr());
  }
}

NameInfo ask_name(const Address& address, int flags) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> service{};
  const int code = kernel::getnameinfo(
      address.data(), static_cast<socklen_t>(address.size()), host.data(),
      host.size(), service.data(), service.size(), flags);
  if (code != 0) throw_error(code, errno, "getnameinfo of " + address.repr());
  return {host.data(), service.data()};
}

}  // namespace

GaiError::GaiError(int code, const std::string& what)
    : OSError(code, gai_category(), what) {}

Coroutine<Answers> getaddrinfo(std::string host, std::string service,
                               AddressHints hints) {
  Question question{std::move(host), std::move(service), hints};
  check(question);
  if (auto answers = ask(question, AI_NUMERICHOST | AI_NUMERICSERV)) {
    co_return *std::move(answers);
  }
  const auto look_up = [question = std::move(question)] {
    return ask_or_throw(question);
  };
  co_return co_await to_thread(look_up);
}

Coroutine<Answers> getaddrinfo(std::string host, std::uint16_t port,
                               AddressHints hints) {
  return getaddrinfo(std::move(host), std::to_string(port), hints);
}

Coroutine<NameInfo> getnameinfo(Address address, int flags) {
  constexpr int kNumeric = NI_NUMERICHOST | NI_NUMERICSERV;
  if ((flags & kNumeric) == kNumeric) co_return ask_name(address, flags);
  const auto look_up = [address, flags] { return ask_name(address, flags); };
  co_return co_await to_thread(look_up);
}

}  // namespace loop
