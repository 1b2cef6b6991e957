// Shared work: one producer puts work into a queue, three workers take it out.
//
// put() waits while the queue is full, get() while it is empty, so that neither
// side gets far ahead of the other. join() waits until all items are processed.
// shutdown() tells the workers that there will be no more items, once the queue
// is empty; before Python 3.13, programs had to cancel the workers.
//
// After an example of Python's documentation ("Queues"), at a hundred times its
// pace.

#include <chrono>
#include <string>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;
using Queue = loop::Queue<std::chrono::milliseconds>;

loop::Coroutine<int> worker(std::string name, Queue& queue) {
  int count = 0;
  try {
    for (;;) {
      const auto duration = co_await queue.get();
      co_await loop::sleep(duration);
      queue.task_done();
      ++count;
      print_line(name + " has slept for " + std::to_string(duration.count()) +
                 " ms");
    }
  } catch (const loop::QueueShutDown&) {
  }
  co_return count;
}

loop::Coroutine<> producer(Queue& queue) {
  for (int i = 0; i < 20; ++i) {
    co_await queue.put(std::chrono::milliseconds(1 + i * 7 % 10));
  }
  print_line("all is in the queue");
}

loop::Coroutine<> producer_consumer() {
  Queue queue(5);
  auto workers =
      loop::gather(worker("worker-0", queue), worker("worker-1", queue),
                   worker("worker-2", queue));
  co_await producer(queue);
  co_await queue.join();
  queue.shutdown();
  const auto [a, b, c] = co_await workers;
  print_line("20 = " + std::to_string(a + b + c));
}

int main() { loop::run(producer_consumer()); }
