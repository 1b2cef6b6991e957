// How coroutines call one another, and return.
//
// A thread has one stack, and a function that calls another leaves there what
// it goes on with. A coroutine keeps that in a frame of its own, so that it can
// stop in the middle, and so the frames of a task are its call stack: each
// knows who awaits it. Who is awaited can be continued in three ways.
//
//   - By a function call, resume(), within the `co_await`. That is fast, and
//     enough for a callee that returns without stopping. But each level takes a
//     piece of the thread's stack, and so do returns that resume the caller.
//   - By "symmetric transfer": C++ leaves the one and enters the other with a
//     jump. But g++ makes that a call, too, unless it optimises, and a million
//     of them end with a segmentation fault.
//   - By a trampoline: who returns notes that its caller is to go on, and goes
//     back to a loop, which resumes whoever is noted. It needs no stack at all.
//
// So a callee is called within the `co_await`, as long as there is stack left
// for that; the rest, returning included, is left to the trampoline: see
// CallStack::run().

#ifndef LOOP_COROUTINES_CALL_STACK_H_
#define LOOP_COROUTINES_CALL_STACK_H_

#include <cassert>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <utility>

#include "loop/callbacks/source_location.h"
#include "loop/futures/nested_destruction.h"
#include "loop/futures/recycled_memory.h"

namespace loop {

class CallStack;
class OwnedFrame;

// What the promise of each coroutine that can wait begins with.
class Frame : public Recycled {
 public:
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  // Lazy: who awaits it starts it.
  std::suspend_always initial_suspend() const noexcept { return {}; }

  // The end of a call: the caller is next.
  class FinalAwaiter {
   public:
    FinalAwaiter() noexcept {}
    bool await_ready() const noexcept { return false; }
    template <std::derived_from<Frame> Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      static_cast<Frame&>(self.promise()).return_to_caller();
    }
    void await_resume() const noexcept {}
  };
  FinalAwaiter final_suspend() const noexcept { return {}; }

  // It has come to the `co_await` of this line.
  void note_await_line(unsigned line) noexcept { where_.set_line(line); }

  CallStack& call_stack() const { return *call_stack_; }
  // Who awaits it; nullptr if it is the first of its task.
  const Frame* caller() const { return caller_; }

  // The name of the coroutine, without its namespace.
  const char* function() const { return function_; }
  // The `co_await` that it has come to; before that, where it is written.
  const SourceLocation& where() const { return where_; }

  void resume() { handle().resume(); }
  bool done() { return handle().done(); }
  void destroy() { handle().destroy(); }

 protected:
  Frame() = default;

  // The promise that this is part of, where the coroutine is written, and its
  // name.
  template <class Promise>
  void init([[maybe_unused]] Promise& promise, SourceLocation where,
            const char* function) {
    assert(std::coroutine_handle<Promise>::from_promise(promise).address() ==
           handle().address());
    where_ = where;
    function_ = function;
  }

 private:
  friend class CallStack;

  void return_to_caller() const noexcept;

  // The compilers put a promise behind two pointers in its coroutine's frame,
  // or at the next address that is round enough for it, and this is what it
  // begins with. So the handle need not be kept. (The standard speaks of the
  // promise itself only; std::generator relies on the same.)
  std::coroutine_handle<Frame> handle() {
    return std::coroutine_handle<Frame>::from_promise(*this);
  }

  // caller_, owner_ and call_stack_ are set when it is called. The owner stands
  // in the caller's frame, if there is a caller.
  Frame* caller_;
  OwnedFrame* owner_;
  SourceLocation where_;
  // Not beside caller_: g++ would write both at once, through a register that
  // takes longer, and who returns would wait for that: 3 of 13 ns.
  CallStack* call_stack_;
  const char* function_;
};

// Owns a frame, or nothing. Moved, not copied.
class OwnedFrame {
 public:
  OwnedFrame() = default;
  explicit OwnedFrame(Frame& frame) : frame_(&frame) {}
  OwnedFrame(OwnedFrame&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)) {}
  OwnedFrame& operator=(OwnedFrame&& other) noexcept {
    // The old one dies last: it may own this.
    const OwnedFrame old(std::move(*this));
    frame_ = std::exchange(other.frame_, nullptr);
    return *this;
  }
  ~OwnedFrame() { reset(); }

  void reset() {
    if (Frame* const dying = std::exchange(frame_, nullptr)) dying->destroy();
  }

  /// Destroys the frame, which must exist, and may own others as its arguments
  /// or variables: see NestedDestruction.
  void destroy_nested() noexcept {
    NestedDestruction::run(
        [](void* frame) { static_cast<Frame*>(frame)->destroy(); },
        std::exchange(frame_, nullptr));
  }

  Frame& operator*() const { return *frame_; }
  Frame* operator->() const { return frame_; }
  explicit operator bool() const { return frame_ != nullptr; }

 private:
  Frame* frame_ = nullptr;
};

// The coroutines of one task, of which only the innermost can go on.
class CallStack {
 public:
  CallStack() = default;
  CallStack(const CallStack&) = delete;
  CallStack& operator=(const CallStack&) = delete;

  // Puts the first coroutine on the stack. It does not run yet.
  void push_first(OwnedFrame& first) { enter(first, nullptr); }

  // A `co_await` of another coroutine. Returns false if that has returned
  // already, so that the caller just goes on; otherwise the caller stops.
  bool call(Frame& caller, OwnedFrame& owner) {
    Frame& callee = enter(owner, &caller);
    if (!has_stack_left()) [[unlikely]] {
      pending_callee_ = &callee;
      return true;
    }
    callee.resume();
    // If it has returned, the caller is the innermost again.
    return innermost_ != &caller;
  }

  // Goes on where the innermost coroutine stopped (there is one), until all
  // have returned or one stops again. The trampoline: this loop is the one
  // place that resumes who was waiting, so that it does not matter how many
  // there are.
  void run() {
    stack_end_ = address_of_stack() - kStackForCalls;
    Frame* next = innermost_;
    do {
      Frame* const caller = next->caller_;
      next->resume();
      if (innermost_ == caller) {
        next = caller;  // It has returned.
      } else if (pending_callee_ == nullptr) {
        return;  // It, or whom it has called, has stopped.
      } else {
        next = std::exchange(pending_callee_, nullptr);
      }
    } while (next != nullptr);
  }

  // Destroys all frames, the innermost first, as what is in it may refer to
  // what is in the others. One after the other: if each were left to destroy
  // the one that it awaits, that would take as much stack as calling did.
  void unwind() {
    while (innermost_ != nullptr) {
      OwnedFrame& owner = *innermost_->owner_;
      innermost_ = innermost_->caller_;
      owner.reset();
    }
  }

  // Which runs, or will when the task goes on; nullptr if all have returned.
  const Frame* innermost() const { return innermost_; }

 private:
  friend class Frame;

  // How much of the thread's stack calls may take, beyond what the coroutines
  // themselves do with it: some hundred levels.
  static constexpr std::uintptr_t kStackForCalls = 64 * 1024;

  static std::uintptr_t address_of_stack() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  }
  bool has_stack_left() const { return address_of_stack() > stack_end_; }

  Frame& enter(OwnedFrame& owner, Frame* caller) {
    Frame& callee = *owner;
    callee.call_stack_ = this;
    callee.caller_ = caller;
    callee.owner_ = &owner;
    innermost_ = &callee;
    return callee;
  }

  Frame* innermost_ = nullptr;
  std::uintptr_t stack_end_ = 0;
  Frame* pending_callee_ =
      nullptr;  // To be resumed, as there was no stack for it.
};

inline void Frame::return_to_caller() const noexcept {
  call_stack_->innermost_ = caller_;
}

}  // namespace loop

#endif  // LOOP_COROUTINES_CALL_STACK_H_
