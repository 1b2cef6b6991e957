// Umbrella header of loop/sockets: sockets and their addresses.

#ifndef LOOP_SOCKETS_SOCKETS_H_
#define LOOP_SOCKETS_SOCKETS_H_

#include "loop/sockets/address.h"
#include "loop/sockets/descriptor.h"
#include "loop/sockets/getaddrinfo.h"
#include "loop/sockets/readiness.h"
#include "loop/sockets/sock_sendfile.h"
#include "loop/sockets/socket.h"
#include "loop/sockets/socket_io.h"

#endif  // LOOP_SOCKETS_SOCKETS_H_
