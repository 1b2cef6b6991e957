#include "tests/selectors/descriptors/document.h"

#include <poll.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/selectors/descriptors/kinds.h"
#include "tests/selectors/descriptors/masks.h"

namespace descriptors {
namespace {

void join(std::string& list, std::string_view entry) {
  if (list.find(entry) != list.npos) return;
  if (!list.empty()) list += "; ";
  list += entry;
}

// Returns whether a state is in the column of ends, errors and traps.
bool is_special(const State& state) {
  constexpr unsigned kSpecial = POLLERR | POLLHUP | POLLPRI | POLLNVAL;
  const bool traps = state.trap != Trap::kNone && state.trap != Trap::kEnd;
  return traps || (native_mask(state.poll) & kSpecial) != 0;
}

// Returns the ordinary states in which `bit` is set, as text.
std::string when(const Kind& kind, unsigned bit) {
  std::string with, without;
  int have = 0, lack = 0;
  for (const State& state : kind.states) {
    if (is_special(state)) continue;
    const bool has = (native_mask(state.poll) & bit) != 0;
    join(has ? with : without, state.when);
    ++(has ? have : lack);
  }
  if (have + lack == 0) return "–";
  if (lack == 0) return "always";
  if (have == 0) return "–";
  return have > lack ? "unless " + without : with;
}

// Returns the ends, errors and traps: "`HUP` the writer is gone".
std::string special(const Kind& kind) {
  std::string list;
  for (const State& state : kind.states) {
    if (!is_special(state)) continue;
    std::string entry = "`" + std::string(state.poll) + "` ";
    entry += state.when;
    join(list, entry);
  }
  return list.empty() ? "–" : list;
}

std::string edge(const Kind& kind) {
  std::string silent;
  bool asked = false;
  for (const State& state : kind.states) {
    asked = asked || state.edge != Edge::kNotAsked;
    if (state.edge == Edge::kSilent) join(silent, state.when);
  }
  if (!silent.empty()) return "not if " + silent;
  return asked ? "yes" : "–";
}

// Returns the result that select() would have if it knew no more than poll().
std::string sets_of(unsigned mask) {
  std::string sets;
  if ((mask & (POLLIN | POLLHUP | POLLERR)) != 0) sets += 'R';
  if ((mask & (POLLOUT | POLLERR)) != 0) sets += 'W';
  if ((mask & POLLPRI) != 0) sets += 'X';
  return sets.empty() ? "-" : sets;
}

std::string differs(const Kind& kind) {
  std::string list;
  for (const State& state : kind.states) {
    const unsigned mask = native_mask(state.poll);
    if (state.epoll != state.poll) {
      join(list, "epoll `" + std::string(state.epoll) + "`");
    }
    if (state.select != sets_of(mask)) {
      join(list, "select `" + std::string(state.select) + "`");
    }
    if ((mask & POLLHUP) != 0 && (mask & (POLLOUT | POLLERR)) == 0) {
      join(list, "select: no WRITE at the end");
    }
  }
  return list.empty() ? "–" : list;
}

std::string mark(const Kind& kind) {
  bool loops = false, hangs = false;
  for (const State& state : kind.states) {
    loops |= state.trap == Trap::kReader || state.trap == Trap::kWriter;
    hangs |= state.trap == Trap::kHang;
  }
  std::string text;
  if (loops) text += " **busy loop**";
  if (hangs) text += " **hang**";
  return text;
}

// Escapes the bars of a text, since a bar would end the cell.
std::string cell(std::string text) {
  for (std::size_t i = 0; (i = text.find('|', i)) != text.npos; i += 2) {
    text.replace(i, 1, "\\|");
  }
  return " " + text + " |";
}

std::string row(const Kind& kind) {
  return "|" + cell(std::string(kind.name) + mark(kind)) +
         cell(when(kind, POLLIN)) + cell(when(kind, POLLOUT)) +
         cell(special(kind)) + cell(edge(kind)) + cell(differs(kind)) +
         cell(std::string(kind.advice)) +
         cell("`" + identifier(kind.name) + "`") + "\n";
}

std::string tables() {
  std::string text;
  for (const Chapter& chapter : chapters()) {
    text += "\n### " + std::string(chapter.title) + "\n\n";
    text +=
        "| kind | readable | writable | end, error, priority, trap | edge "
        "| differs | advice | test |\n";
    text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const Kind& kind : chapter.kinds) text += row(kind);
  }
  return text + "\n";
}

}  // namespace

std::string with_tables(const std::string& document) {
  const std::string_view begin = "<!-- tables: begin -->\n";
  const std::string_view end = "<!-- tables: end -->\n";
  const std::size_t from = document.find(begin), to = document.find(end);
  if (from == document.npos || to == document.npos) return tables();
  return document.substr(0, from + begin.size()) + tables() +
         document.substr(to);
}

}  // namespace descriptors
