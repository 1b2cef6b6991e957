// Sockets of 127.0.0.1.

#ifndef TESTS_SELECTORS_DESCRIPTORS_INET_H_
#define TESTS_SELECTORS_DESCRIPTORS_INET_H_

#include <netinet/in.h>

#include "tests/selectors/descriptors/subject.h"

namespace descriptors {

/// A socket that does not block. Throws Absent.
File inet_socket(int type, int protocol = 0);

/// A socket bound to a free port.
File inet_bound(int type, int protocol = 0);
File inet_listener(int backlog, int protocol = 0);

sockaddr_in inet_name(int fd);

/// connect(2); EINPROGRESS is fine.
void inet_connect(int fd, const sockaddr_in& name);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_INET_H_
