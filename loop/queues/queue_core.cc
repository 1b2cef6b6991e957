#include "loop/queues/queue_core.h"

#include "selectors/errors.h"

namespace loop {

QueueEmpty::QueueEmpty() : runtime_error("the queue is empty") {}
QueueFull::QueueFull() : runtime_error("the queue is full") {}
QueueShutDown::QueueShutDown() : runtime_error("the queue is shut down") {}

void QueueCore::task_done() {
  if (unfinished_ == 0) {
    throw selectors::ValueError("task_done() called too many times");
  }
  finish_one();
}

void QueueCore::shut_down() {
  getters_.wake_all();
  putters_.wake_all();
  is_shut_down_ = true;
}

}  // namespace loop
