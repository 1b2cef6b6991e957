#include "loop/tasks/gather_core.h"

#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/errors.h"

namespace loop {

// ---- Children ----

std::exception_ptr GatherCore::Child::exception() const try {
  if (!done_) throw CancelledError();
  return (*done_)->exception();
} catch (const CancelledError&) {
  return std::current_exception();
}

void GatherCore::Child::on_done(FutureCore& future) {
  pending_ = nullptr;
  done_.emplace(&future);
  core_->child_is_done(*this);
}

void GatherCore::Child::on_gone() {
  pending_ = nullptr;
  core_->child_is_done(*this);
}

// ---- The outer future ----

void GatherCore::watch(FutureCore& future) {
  Child& child = children_[watched_++];
  child.core_ = this;
  child.pending_ = &future;
  outer_.retain();
  future.add_done_callback(child);
}

void GatherCore::all_are_watched() {
  is_starting_ = false;
  if (!children_.empty()) return;
  collect();
  outer_.set_finished();
}

// Settles the outer future in a callback of its own, since that copies results,
// which runs user code.
void GatherCore::child_is_done(Child& child) {
  Reference self(&outer_);
  outer_.release();
  ++finished_;
  // Also marks the exception of a later child as retrieved.
  const bool fails = !return_exceptions_ && child.exception();
  if (is_decided_ || (!fails && finished_ < children_.size())) return;
  is_decided_ = true;
  if (is_starting_) return settle(child);
  outer_.loop_reference().call_soon_if_open(
      [this, self = std::move(self), &child] { settle(child); },
      outer_.where());
}

void GatherCore::settle(Child& last) {
  if (outer_.done()) return;
  if (!return_exceptions_) {
    // A child that was destroyed while pending cancels the outer future, so
    // that there is no exception to report.
    if (!last.done_) return outer_.finish_cancelled();
    if (auto exception = last.exception()) {
      return outer_.finish_with(std::move(exception));
    }
  }
  // Marks the exceptions as retrieved: only the CancelledError is thrown.
  if (cancel_message_) {
    for (const Child& child : children_) {
      if (child.done_) child.exception();
    }
  }
  try {
    if (cancel_message_) throw CancelledError(*cancel_message_);
    collect();
  } catch (...) {
    return outer_.finish_with(std::current_exception());
  }
  outer_.set_finished();
}

bool GatherCore::cancel_children(const std::string& message) {
  const Reference self(&outer_);  // A child may hold the last other one.
  forward_cancel(message);
  return finish_visit(message);
}

CancelForwarder* GatherCore::next_to_cancel(const std::string& message) {
  for (auto i = next_index(); i < children_.size(); i = next_index()) {
    if (!may_go_on()) {
      if (cancel_message_) set_forwarded();
      return nullptr;
    }
    FutureCore* const child = children_[i].pending_;
    if (child == nullptr) continue;
    if (CancelForwarder* const next = child->cancel_forwarder()) return next;
    if (child->cancel(message)) set_forwarded();
  }
  return nullptr;
}

bool GatherCore::note_cancel(const std::string& message) {
  if (is_forwarded()) cancel_message_ = message;
  return is_forwarded();
}

void GatherCore::for_each_pending(
    const std::function<void(FutureCore&)>& f) const {
  for (const Child& child : children_) {
    if (child.pending_ != nullptr) f(*child.pending_);
  }
}

}  // namespace loop
