// What other threads have posted, on its way into the ready queue.

#ifndef LOOP_CALLBACKS_POSTED_CALLBACKS_H_
#define LOOP_CALLBACKS_POSTED_CALLBACKS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/mailbox.h"
#include "loop/callbacks/ready_queue.h"

namespace loop {

// A handle of a post knows its number among the posts, as no more was known
// when it was made. This knows which posts stand where in the queue.
class PostedCallbacks {
 public:
  // Moves what is in the mailbox to the end of the queue. If there is no
  // memory, throws std::bad_alloc, and it is still in the mailbox.
  void take(Mailbox& mailbox, ReadyQueue& ready) {
    forget_until(ready.begin());
    const std::uint64_t number =
        mailbox.take_posts(posts_, [&](std::size_t count) {
          batches_.reserve(batches_.size() + 1);
          ready.make_room(count);
        });
    const ReadyQueue::Position begin = ready.end();
    for (Scheduled& post : posts_) {
      ready.push(std::move(post.callback), post.where);
    }
    posts_.clear();
    add({number, begin, ready.end()});
  }

  // Destroys the post of this number, unless it has begun to run.
  void cancel(std::uint64_t number, ReadyQueue& ready) {
    const auto batch = std::partition_point(
        batches_.begin(), batches_.end(), [&](const Batch& candidate) {
          return candidate.number + candidate.size() <= number;
        });
    if (batch == batches_.end() || number < batch->number) return;
    ready.cancel(batch->begin + (number - batch->number));
  }

 private:
  // Posts that stand side by side, and the number of the first.
  struct Batch {
    std::uint64_t number;
    ReadyQueue::Position begin;
    ReadyQueue::Position end;
    std::uint64_t size() const { return end - begin; }
  };

  void add(const Batch& batch) {
    if (!batches_.empty() && batches_.back().end == batch.begin) {
      batches_.back().end = batch.end;
    } else {
      batches_.push_back(batch);
    }
  }

  // Those that have run.
  void forget_until(ReadyQueue::Position position) {
    const auto first =
        std::find_if(batches_.begin(), batches_.end(),
                     [&](const Batch& batch) { return batch.end > position; });
    batches_.erase(batches_.begin(), first);
  }

  std::vector<Scheduled> posts_;  // Empty, but keeps its memory.
  std::vector<Batch> batches_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_POSTED_CALLBACKS_H_
