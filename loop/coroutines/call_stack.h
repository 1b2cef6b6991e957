// `CallStack`: the coroutines of one task, and how they call one another.
//
// A thread has one stack, on which a function that calls another leaves its
// state. A coroutine keeps its state in a frame of its own, so that it can be
// suspended in the middle. So the frames of a task form its call stack: each
// frame knows its caller, the coroutine that awaits it. There are three ways to
// continue a coroutine.
//
//   - By a function call, resume(), within the `co_await`. This is fast, and
//     enough for a callee that returns without being suspended. But each level
//     takes some of the thread's stack, and so does a return that resumes the
//     caller.
//   - By symmetric transfer: C++ leaves one coroutine and enters the other with
//     a jump. But g++ compiles that to a call unless it optimises, and a
//     million of them end with a segmentation fault.
//   - By a trampoline: a coroutine that returns notes that its caller is next,
//     and returns to a loop, which resumes that caller. This needs no stack at
//     all.
//
// So a callee is called within the `co_await` as long as there is stack left.
// Everything else, returning included, is left to the trampoline: see
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

// The base of the promise of each coroutine that can wait.
class Frame : public Recycled {
 public:
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  // The coroutine is lazy: awaiting it starts it.
  std::suspend_always initial_suspend() const noexcept { return {}; }

  // The awaiter at the end of a coroutine: the caller is next.
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

  // Notes that the coroutine has reached the `co_await` of this line.
  void note_await_line(unsigned line) noexcept { where_.set_line(line); }

  CallStack& call_stack() const { return *call_stack_; }
  // Returns the frame that awaits this one; nullptr for the first of its task.
  const Frame* caller() const { return caller_; }

  // Returns the name of the coroutine, without its namespace.
  const char* function() const { return function_; }
  // Returns the location of the `co_await` that the coroutine has reached;
  // before the first one, the location of the coroutine itself.
  const SourceLocation& where() const { return where_; }

  void resume() { handle().resume(); }
  bool done() { return handle().done(); }
  void destroy() { handle().destroy(); }

 protected:
  Frame() = default;

  // Takes the promise that contains this frame, the source location of the
  // coroutine, and its name.
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

  // A coroutine's frame holds two pointers and then the promise, at the next
  // suitably aligned address. This class is the first base of the promise, so
  // the handle can be computed and need not be stored. (The standard promises
  // this only for the promise itself; std::generator relies on the same
  // layout.)
  std::coroutine_handle<Frame> handle() {
    return std::coroutine_handle<Frame>::from_promise(*this);
  }

  // caller_, owner_ and call_stack_ are set when the coroutine is called. If
  // there is a caller, its frame contains the owner.
  Frame* caller_;
  OwnedFrame* owner_;
  SourceLocation where_;
  // Not next to caller_: g++ would write both at once, through a register that
  // takes longer, and a return would wait for that write: 3 of 13 ns.
  CallStack* call_stack_;
  const char* function_;
};

// The owner of a frame, or of nothing. It can be moved, not copied.
class OwnedFrame {
 public:
  OwnedFrame() = default;
  explicit OwnedFrame(Frame& frame) : frame_(&frame) {}
  OwnedFrame(OwnedFrame&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)) {}
  OwnedFrame& operator=(OwnedFrame&& other) noexcept {
    // The old frame is destroyed last: it may own this object.
    const OwnedFrame old(std::move(*this));
    frame_ = std::exchange(other.frame_, nullptr);
    return *this;
  }
  ~OwnedFrame() { reset(); }

  void reset() {
    if (Frame* const dying = std::exchange(frame_, nullptr)) dying->destroy();
  }

  /// Destroys the frame, which must exist. Its arguments or variables may own
  /// other frames, however deep: see NestedDestruction.
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

// The coroutines of one task. Only the innermost one can continue.
class CallStack {
 public:
  CallStack() = default;
  CallStack(const CallStack&) = delete;
  CallStack& operator=(const CallStack&) = delete;

  // Puts the first coroutine on the stack, without running it.
  void push_first(OwnedFrame& first) { enter(first, nullptr); }

  // Calls the coroutine that `owner` holds, for a `co_await` in `caller`.
  // Returns false if the callee has returned already, so that the caller
  // continues at once; otherwise the caller is suspended.
  bool call(Frame& caller, OwnedFrame& owner) {
    Frame& callee = enter(owner, &caller);
    if (!has_stack_left()) [[unlikely]] {
      pending_callee_ = &callee;
      return true;
    }
    callee.resume();
    // If the callee has returned, the caller is the innermost frame again.
    return innermost_ != &caller;
  }

  // Continues the innermost coroutine, which must exist, until all coroutines
  // have returned or one is suspended again. This is the trampoline: only this
  // loop resumes callers, so the depth of the stack does not matter.
  void run() {
    stack_end_ = address_of_stack() - kStackForCalls;
    Frame* next = innermost_;
    do {
      Frame* const caller = next->caller_;
      next->resume();
      if (innermost_ == caller) {
        next = caller;  // The coroutine has returned.
      } else if (pending_callee_ == nullptr) {
        return;  // The coroutine, or one of its callees, is suspended.
      } else {
        next = std::exchange(pending_callee_, nullptr);
      }
    } while (next != nullptr);
  }

  // Destroys all frames, the innermost first, since a frame may refer to
  // variables of its callers. The frames are destroyed one by one: if each
  // destroyed its callee, that would take as much stack as the calls did.
  void unwind() {
    while (innermost_ != nullptr) {
      OwnedFrame& owner = *innermost_->owner_;
      innermost_ = innermost_->caller_;
      owner.reset();
    }
  }

  // Returns the frame that runs, or that continues when the task does; nullptr
  // if all have returned.
  const Frame* innermost() const { return innermost_; }

 private:
  friend class Frame;

  // The part of the thread's stack that calls may take, besides the use by the
  // coroutines themselves: some hundred levels.
  static constexpr std::uintptr_t kStackForCalls = std::uintptr_t{64} * 1024;

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
      nullptr;  // Called, but there was no stack left to resume it.
};

inline void Frame::return_to_caller() const noexcept {
  call_stack_->innermost_ = caller_;
}

}  // namespace loop

#endif  // LOOP_COROUTINES_CALL_STACK_H_
