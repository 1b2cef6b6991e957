// `AddressBuffer`: the memory in which a system call writes an address.

#ifndef LOOP_SOCKETS_ADDRESS_BUFFER_H_
#define LOOP_SOCKETS_ADDRESS_BUFFER_H_

#include <sys/socket.h>

#include <array>
#include <cstddef>

#include "loop/sockets/address.h"

namespace loop {

class AddressBuffer {
 public:
  sockaddr* data() { return reinterpret_cast<sockaddr*>(bytes_.data()); }

  // Returns the size for the next call, which changes it.
  socklen_t* size() {
    size_ = static_cast<socklen_t>(bytes_.size());
    return &size_;
  }

  // Returns the address that the last call has written.
  Address address() { return Address::from(data(), size_); }

 private:
  alignas(std::max_align_t) std::array<char, Address::kCapacity> bytes_{};
  socklen_t size_ = 0;
};

}  // namespace loop

#endif  // LOOP_SOCKETS_ADDRESS_BUFFER_H_
