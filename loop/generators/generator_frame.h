// `GeneratorFrame`: one call of a generator function, independent of its types.

#ifndef LOOP_GENERATORS_GENERATOR_FRAME_H_
#define LOOP_GENERATORS_GENERATOR_FRAME_H_

#include <coroutine>
#include <exception>
#include <utility>

namespace loop {

// One call of a generator function, as Python's frame object, and its position
// in a chain: the generator that the caller holds, the root, has delegated to
// another one (`yield from`), which may have delegated to a third. The
// innermost frame is the one that yields.
//
//   root  <--delegator--  frame  <--delegator--  innermost
//     '------------------innermost------------------^
//
// Python walks down the chain from the root for every value, so that a
// recursion of depth n costs n * n. Here the root resumes the innermost frame
// directly.
//
// Nothing here recurses, however long the chain is. A frame that delegates or
// ends returns to resume(), which continues with the next one. With symmetric
// transfer between frames, g++ without optimisation would need stack for each.
class GeneratorFrame {
 public:
  explicit GeneratorFrame(std::coroutine_handle<> handle) : handle_(handle) {}
  GeneratorFrame(const GeneratorFrame&) = delete;
  GeneratorFrame& operator=(const GeneratorFrame&) = delete;

  // ---- For the holder of a generator: called on the root ----

  // Runs until a value is yielded. Returns false, now and later, if the
  // generator has ended instead. `sent` points to the value of co_yield.
  // Throws the exception that leaves the body; ValueError if the generator is
  // running.
  bool resume(void* sent) {
    check_not_running();
    return innermost_ != nullptr && run(sent);
  }

  // Resumes the generator, where its co_yield throws `exception`. If the
  // generator has ended, throws `exception` to the caller. GeneratorExit closes
  // the innermost frame first, then its delegator, and so on; any other
  // exception goes to the innermost frame only.
  bool throw_in(std::exception_ptr exception);

  // Throws a GeneratorExit into the generator, which must then end. Has no
  // effect if the generator has ended. Throws RuntimeError if the generator
  // yields instead; any other exception that leaves the body; ValueError if the
  // generator is running.
  void close();

  // Returns whether the body has not begun.
  bool just_started() const {
    return innermost_ != nullptr && yielded_ == nullptr && !running_;
  }

  // The yielded value, until the generator is resumed; nullptr at the end.
  const void* yielded() const { return yielded_; }
  // Returns whether that value is a temporary, which the body cannot use again.
  bool temporary() const { return temporary_; }

  /// Destroys a chain of delegators from the innermost outwards, since a frame
  /// may refer to variables of its delegators. Its arguments and variables may
  /// be further generators, however deep: see NestedDestruction.
  static void destroy(GeneratorFrame* root) noexcept;

 protected:
  // ---- For the coroutine: called on the frame that runs ----

  // For co_yield: stores `value`, which lives until the resumption, in the
  // root.
  void yield(const void* value, bool temporary) noexcept {
    root_->yielded_ = value;
    root_->temporary_ = temporary;
  }

  // After co_yield: returns the sent value, or throws the exception that was
  // thrown in.
  void* sent() {
    if (root_->thrown_) [[unlikely]]
      rethrow_thrown();
    return root_->sent_;
  }

  // For co_yield yield_from(inner): makes the root resume `inner`, the variable
  // that holds the generator, until `inner` ends. Returns false, with no
  // effect, if `inner` has ended.
  bool delegate_to(GeneratorFrame*& inner) noexcept;

  // Stores the current exception, which has left the body, for the resumer.
  void fail() noexcept { root_->thrown_ = std::current_exception(); }

  // Marks the end of the body: the frame is not resumed again.
  void end() noexcept {
    root_->set_innermost(std::exchange(delegator_, nullptr));
  }

 private:
  bool run(void* sent) {
    sent_ = sent;
    yielded_ = nullptr;
    running_ = true;
    do innermost_->handle_.resume();
    while (yielded_ == nullptr && innermost_ != nullptr);
    running_ = false;
    if (yielded_ != nullptr) [[likely]]
      return true;
    if (thrown_) rethrow_thrown();
    return false;
  }

  void set_innermost(GeneratorFrame* frame) noexcept {
    innermost_ = frame;
    if (frame != nullptr) frame->root_ = this;
  }

  void check_not_running() const {
    if (running_) [[unlikely]]
      throw_running();
  }

  [[noreturn]] static void throw_running();
  [[noreturn]] void rethrow_thrown();

  static void destroy_chain(GeneratorFrame* root) noexcept;
  GeneratorFrame& detach_innermost() noexcept;
  void close_inner_frames(std::exception_ptr& exception);
  void close_with(std::exception_ptr exception);

  const std::coroutine_handle<> handle_;
  GeneratorFrame* root_ = this;          // Up to date in the innermost.
  GeneratorFrame* delegator_ = nullptr;  // nullptr in the root, and at the end.
  GeneratorFrame** owner_ = nullptr;     // The delegator's variable.

  // Used in the root only.
  GeneratorFrame* innermost_ = this;  // nullptr at the end, and elsewhere.
  const void* yielded_ = nullptr;
  bool temporary_ = false;
  bool running_ = false;
  void* sent_ = nullptr;
  std::exception_ptr thrown_;  // On its way in or out.
};

}  // namespace loop

#endif  // LOOP_GENERATORS_GENERATOR_FRAME_H_
