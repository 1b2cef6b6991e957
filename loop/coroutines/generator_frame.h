// How generators are left and entered again, whatever it is that they yield.

#ifndef LOOP_COROUTINES_GENERATOR_FRAME_H_
#define LOOP_COROUTINES_GENERATOR_FRAME_H_

#include <coroutine>
#include <exception>
#include <utility>

namespace loop {

// One call of a generator function, as Python's frame object, and its place in
// a chain: the generator that somebody holds, the root, has delegated to
// another one (`yield from`), and that one perhaps to a third. The innermost
// is the one that yields.
//
//   root  <--delegator--  frame  <--delegator--  innermost
//     '------------------innermost------------------^
//
// Python enters the chain at the root and walks down, for every value, so that
// a recursion of depth n costs n * n. Here the root resumes the innermost.
//
// Nothing here calls itself, however long the chain is. A frame that delegates
// or ends returns to resume(), which goes on with the next: if one frame
// resumed the other, by symmetric transfer, g++ would need stack for each
// unless it optimises.
class GeneratorFrame {
 public:
  explicit GeneratorFrame(std::coroutine_handle<> handle) : handle_(handle) {}
  GeneratorFrame(const GeneratorFrame&) = delete;
  GeneratorFrame& operator=(const GeneratorFrame&) = delete;

  // ---- For the holder of a generator: asked of the root ----

  // Runs until something is yielded. Returns false, and from then on, if the
  // generator has ended instead. `sent` points to what co_yield shall return.
  // Throws what leaves the body; ValueError if it is running already.
  bool resume(void* sent) {
    check_not_running();
    return innermost_ != nullptr && run(sent);
  }

  // As resume(), but co_yield throws `exception`, and so does this if the
  // generator has ended. GeneratorExit closes the innermost first, then its
  // delegator, and so on; any other is the innermost's alone.
  bool throw_in(std::exception_ptr exception);

  // Throws a GeneratorExit in, and expects the generator to end of it, or
  // anyhow. Does nothing if it has ended.
  // Throws RuntimeError if it yields instead; what else leaves the body;
  // ValueError if it is running.
  void close();

  // Is it suspended where it has not run at all?
  bool just_started() const {
    return innermost_ != nullptr && yielded_ == nullptr && !running_;
  }

  // What it has yielded, until it is resumed; nullptr at the end.
  const void* yielded() const { return yielded_; }
  // Is that a temporary, which nobody in the body can use any more?
  bool temporary() const { return temporary_; }

  // Destroys a chain from the innermost outwards, as each may use what belongs
  // to its delegators.
  static void destroy(GeneratorFrame* root) noexcept;

 protected:
  // ---- For the coroutine: asked of the frame that runs ----

  // co_yield: leaves `value`, which lives until resumed, with the root.
  void yield(const void* value, bool temporary) noexcept {
    root_->yielded_ = value;
    root_->temporary_ = temporary;
  }

  // After co_yield: returns what was sent, or throws what was thrown in.
  void* sent() {
    if (root_->thrown_) [[unlikely]]
      rethrow_thrown();
    return root_->sent_;
  }

  // co_yield yield_from(inner): from now on the root means `inner`, which is
  // the variable that holds it, until it ends. Does nothing and returns false
  // if it has ended already.
  bool delegate_to(GeneratorFrame*& inner) noexcept;

  // The body has been left, by this exception: that of whoever resumed it.
  void fail() noexcept { root_->thrown_ = std::current_exception(); }

  // The frame is at its end, and will not be resumed.
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

  GeneratorFrame& detach_innermost() noexcept;
  void close_inner_frames(std::exception_ptr& exception);
  void close_with(std::exception_ptr exception);

  const std::coroutine_handle<> handle_;
  GeneratorFrame* root_ = this;          // Up to date in the innermost.
  GeneratorFrame* delegator_ = nullptr;  // nullptr in the root, and at the end.
  GeneratorFrame** owner_ = nullptr;     // The delegator's variable.

  // Of use in the root.
  GeneratorFrame* innermost_ = this;  // nullptr at the end, and elsewhere.
  const void* yielded_ = nullptr;
  bool temporary_ = false;
  bool running_ = false;
  void* sent_ = nullptr;
  std::exception_ptr thrown_;  // On its way into the innermost, or out.
};

}  // namespace loop

#endif  // LOOP_COROUTINES_GENERATOR_FRAME_H_
