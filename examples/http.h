// `HttpRequest`, `parse_request()`: the head of an HTTP/1.1 request.

#ifndef EXAMPLES_HTTP_H_
#define EXAMPLES_HTTP_H_

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace examples {

// An answer that is an error: its status, "400 Bad Request".
struct HttpError {
  const char* status;
};

// The parts of a request that the server uses.
struct HttpRequest {
  std::string method;
  std::string target;
  std::size_t body_size = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

// Splits `text` at the first `separator`, and returns the part before. `text`
// is the part behind afterwards; empty if there is no separator.
inline std::string_view take_until(std::string_view& text,
                                   std::string_view separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + separator.size(), text.size()));
  return taken;
}

inline std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return result;
}

inline std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Returns the number that `text` is. Throws HttpError for any other text, also
// for a number with a sign.
inline std::size_t parse_size(std::string_view text) {
  std::size_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, size);
  if (error != std::errc() || rest != end) throw HttpError{"400 Bad Request"};
  return size;
}

inline void apply_header(HttpRequest& request, std::string_view name,
                         std::string_view value) {
  const std::string key = lower(name);
  if (key == "content-length") {
    request.body_size = parse_size(value);
  } else if (key == "transfer-encoding") {
    throw HttpError{"501 Not Implemented"};
  } else if (key == "connection") {
    const std::string option = lower(value);
    if (option == "close") request.keep_alive = false;
    if (option == "keep-alive") request.keep_alive = true;
  } else if (key == "expect") {
    request.expects_continue = lower(value) == "100-continue";
  }
}

// Parses a request up to its empty line. Throws HttpError.
inline HttpRequest parse_request(std::string_view head) {
  HttpRequest request;
  std::string_view line = take_until(head, "\r\n");
  request.method = take_until(line, " ");
  request.target = take_until(line, " ");
  if (request.method.empty() || !request.target.starts_with('/')) {
    throw HttpError{"400 Bad Request"};
  }
  if (!line.starts_with("HTTP/1.")) {
    throw HttpError{"505 HTTP Version Not Supported"};
  }
  request.keep_alive = line != "HTTP/1.0";
  while (!(line = take_until(head, "\r\n")).empty()) {
    if (line.find(':') == line.npos) throw HttpError{"400 Bad Request"};
    const std::string_view name = take_until(line, ":");
    apply_header(request, name, trim(line));
  }
  return request;
}

}  // namespace examples

#endif  // EXAMPLES_HTTP_H_
