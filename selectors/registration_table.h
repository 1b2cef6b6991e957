// `RegistrationTable`: the registered file objects of a selector. Python's dict
// from descriptor to key, as an array of pointers, so that a key never moves
// while a caller refers to it.

#ifndef SELECTORS_REGISTRATION_TABLE_H_
#define SELECTORS_REGISTRATION_TABLE_H_

#include <any>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "selectors/fd_array.h"
#include "selectors/selector_key.h"

namespace selectors {

// A key, and the notes of its selector.
struct Registration : SelectorKey {
  // For the backend: epoll's generation, poll's index in its array.
  std::uint32_t backend_data = 0;
  // The index in the batch of ready keys, if the key is in the batch; see
  // BaseSelectorImpl::in_batch().
  std::uint32_t ready_index = 0;
  // The number of the registration within its table: 1, 2, ...
  std::uint64_t order = 0;
};

// Registrations by descriptor. Destroyed registrations leave their memory to
// later ones, so that registering and unregistering allocate nothing once warm.
class RegistrationTable {
 public:
  RegistrationTable() = default;
  RegistrationTable(const RegistrationTable&) = delete;
  RegistrationTable& operator=(const RegistrationTable&) = delete;
  ~RegistrationTable();

  // Returns the registration of `fd`, or nullptr if `fd` is not registered or
  // negative.
  Registration* find(int fd) const {
    return by_fd_.has(fd) ? by_fd_[fd] : nullptr;
  }

  // Returns the registration of a file object; nullptr if its descriptor is not
  // registered. A closed object is found by its identity: of several
  // registrations, the one made first. Throws ValueError for an object that has
  // neither a descriptor nor a known identity.
  //
  // Port of selectors._BaseSelectorImpl._fileobj_lookup.
  Registration* lookup(const FileObj& fileobj) const {
    if (fileobj.fileno() >= 0) [[likely]]
      return find(fileobj.fileno());
    return find_by_identity(fileobj);
  }

  // Returns the number of registrations.
  std::size_t size() const { return size_; }

  // Returns the whole array, indexed by descriptor; nullptr for descriptors
  // that are not registered.
  std::span<Registration* const> by_fd() const { return by_fd_.all(); }

  // Makes a registration that is not in the table yet, and moves from `data`
  // last of all. Strong guarantee: a throw changes nothing. A later insert() of
  // the registration cannot fail. Throws OSError (EBADF) for a number so high
  // that it must be a mistake.
  Registration& create(const FileObj& fileobj, int fd, EventMask events,
                       std::any&& data) {
    by_fd_.make_room_for(fd);
    if (free_ == nullptr) make_nodes();
    Node* const node = std::exchange(free_, free_->next_free);
    auto* const registration = new (&node->registration)
        Registration{{fileobj, fd, events, std::move(data)}};
    make_last(*registration);
    return *registration;
  }

  // Puts a registration into the table, in place of the one of its descriptor,
  // if any.
  void insert(Registration& registration) noexcept {
    Registration*& place = by_fd_[registration.fd];
    if (place == nullptr) ++size_;
    place = &registration;
  }

  // Gives a registration the next order, as if it were made now.
  void make_last(Registration& registration) noexcept {
    registration.order = ++last_order_;
  }

  // Takes a registration out of the table, but does not destroy it.
  void erase(const Registration& registration) noexcept {
    by_fd_[registration.fd] = nullptr;
    --size_;
  }

  // Destroys a registration, which must not be in the table any more.
  void destroy(Registration& registration) noexcept {
    auto* const node = reinterpret_cast<Node*>(&registration);
    registration.~Registration();
    node->next_free = std::exchange(free_, node);
  }

 private:
  union Node {
    Node() : next_free(nullptr) {}
    ~Node() {}
    Node* next_free;
    Registration registration;
  };

  Registration* find_by_identity(const FileObj& fileobj) const;
  void make_nodes();

  FdArray<Registration*> by_fd_;
  std::size_t size_ = 0;
  std::uint64_t last_order_ = 0;
  std::vector<std::unique_ptr<Node[]>> chunks_;
  Node* free_ = nullptr;
};

}  // namespace selectors

#endif  // SELECTORS_REGISTRATION_TABLE_H_
