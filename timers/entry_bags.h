// Many bags of entries, in no order, made of blocks from one pool.
//
// A bag is a chain of blocks of 31 entries. So its entries are read as a
// stream, where a linked list would be a cache miss for each, and no bag holds
// much memory that another one could use.

#ifndef TIMERS_ENTRY_BAGS_H_
#define TIMERS_ENTRY_BAGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "timers/timer_records.h"

namespace timers {

template <std::size_t kBags>
class EntryBags {
 public:
  EntryBags() { bags_.fill(&none_); }
  EntryBags(const EntryBags&) = delete;
  EntryBags& operator=(const EntryBags&) = delete;
  ~EntryBags() {
    for (Block* bag : bags_) {
      while (bag != &none_) delete std::exchange(bag, bag->next);
    }
    while (spare_ != nullptr) delete std::exchange(spare_, spare_->next);
  }

  bool empty(std::size_t bag) const { return bags_[bag] == &none_; }

  bool has_at_most(std::size_t count, std::size_t bag) const {
    const Block* block = bags_[bag];
    for (; block != &none_ && block->count <= count; block = block->next) {
      count -= block->count;
    }
    return block == &none_;
  }

  // Whether the next add() to this bag cannot throw. An empty bag has no room.
  bool has_room(std::size_t bag) const {
    return bags_[bag]->count < kBlockSize;
  }
  [[gnu::noinline]] void make_room(std::size_t bag) {
    Block* block = spare_;
    if (block != nullptr) {
      spare_ = block->next;
      --spares_;
    } else {
      block = new Block;
    }
    ++in_use_;
    block->count = 0;
    block->next = std::exchange(bags_[bag], block);
  }

  // So that make_room() can be called so many times without throwing.
  void reserve(std::size_t blocks) {
    while (spares_ < blocks) {
      spare_ = new Block{spare_, 0, {}};
      ++spares_;
    }
  }
  // How many more blocks than bags are needed for so many entries, at most.
  static std::size_t blocks_for(std::size_t entries) {
    return entries / kBlockSize;
  }

  // There must be room.
  void add(std::size_t bag, Entry entry) {
    Block& block = *bags_[bag];
    block.entries[block.count++] = entry;
  }

  // Calls f for each entry.
  template <class F>
  void for_each(std::size_t bag, F f) const {
    for (const Block* block = bags_[bag]; block != &none_;
         block = block->next) {
      for (std::uint32_t i = 0; i < block->count; ++i) f(block->entries[i]);
    }
  }

  // Empties the bag, then calls f for each entry that was in it. f may add
  // entries to any bag.
  template <class F>
  void take_each(std::size_t bag, F f) {
    Block* block = std::exchange(bags_[bag], &none_);
    while (block != &none_) {
      for (std::uint32_t i = 0; i < block->count; ++i) f(block->entries[i]);
      recycle(std::exchange(block, block->next));
    }
  }

  // Drops what `unwanted` says. Needs no memory: each block is given back
  // before what is wanted of it is added again.
  template <class Unwanted>
  void erase_if(std::size_t bag, Unwanted unwanted) {
    Block* block = std::exchange(bags_[bag], &none_);
    while (block != &none_) {
      const Block copy = *block;
      recycle(std::exchange(block, block->next));
      for (std::uint32_t i = 0; i < copy.count; ++i) {
        if (unwanted(copy.entries[i])) continue;
        if (!has_room(bag)) make_room(bag);
        add(bag, copy.entries[i]);
      }
    }
  }

  // Adds the entries of one bag, which is not empty, to another.
  void move_all(std::size_t from, std::size_t to) {
    Block* last = bags_[from];
    while (last->next != &none_) last = last->next;
    last->next = std::exchange(bags_[to], std::exchange(bags_[from], &none_));
  }

  void give_back_surplus() {
    while (spares_ > 4 * in_use_ + kFewBlocks) {
      --spares_;
      delete std::exchange(spare_, spare_->next);
    }
  }

 private:
  static constexpr std::uint32_t kBlockSize = 31;  // Makes 512 bytes.

  struct Block {
    Block* next;
    std::uint32_t count;
    Entry entries[kBlockSize];
  };

  void recycle(Block* block) {
    --in_use_;
    ++spares_;
    block->next = std::exchange(spare_, block);
  }

  static constexpr std::size_t kFewBlocks = 64;

  // Stands for no block; as it is full, an empty bag is not one case more.
  Block none_{nullptr, kBlockSize, {}};
  std::array<Block*, kBags> bags_;
  Block* spare_ = nullptr;
  std::size_t spares_ = 0;
  std::size_t in_use_ = 0;
};

}  // namespace timers

#endif  // TIMERS_ENTRY_BAGS_H_
