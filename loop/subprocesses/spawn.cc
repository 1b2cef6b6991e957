#include "loop/subprocesses/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/subprocesses/kernel.h"
#include "selectors/errors.h"

extern "C" char** environ;

namespace loop {
namespace {

using selectors::ValueError;

// The functions of <spawn.h> return an errno.
void check(int error) {
  if (error == ENOMEM) throw std::bad_alloc();
  if (error != 0) throw selectors::make_os_error(error, "prepare a process");
}

// A NUL would end the string for the kernel.
void check_whole(const std::string& string) {
  if (string.find('\0') == std::string::npos) return;
  throw ValueError("embedded null byte in '" + string + "'");
}

// Strings in the form that exec() takes: pointers, of which the last is null.
class StringArray {
 public:
  explicit StringArray(std::vector<std::string> strings)
      : strings_(std::move(strings)) {
    for (std::string& string : strings_) {
      check_whole(string);
      pointers_.push_back(string.data());
    }
    pointers_.push_back(nullptr);
  }
  StringArray(const StringArray&) = delete;
  StringArray& operator=(const StringArray&) = delete;

  char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

std::vector<std::string> argv_of(const std::string& program,
                                 const std::vector<std::string>& args) {
  std::vector<std::string> strings = {program};
  strings.insert(strings.end(), args.begin(), args.end());
  return strings;
}

std::vector<std::string> environment_of(const SubprocessOptions& options) {
  std::vector<std::string> strings;
  if (!options.env) return strings;
  for (const auto& [name, value] : *options.env) {
    if (name.empty() || name.find('=') != std::string::npos) {
      throw ValueError("illegal environment variable name: '" + name + "'");
    }
    strings.push_back(name + "=");
    strings.back() += value;
  }
  return strings;
}

// The changes that the new process makes to its descriptors and its directory.
class FileActions {
 public:
  FileActions(const SubprocessOptions& options, const ChildStdio& stdio) {
    check(posix_spawn_file_actions_init(&actions_));
    try {
      for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        connect(stream, stdio.source(stream));
      }
      if (!options.cwd.empty()) {
        check_whole(options.cwd);
        check(posix_spawn_file_actions_addchdir_np(&actions_,
                                                   options.cwd.c_str()));
      }
      close_others(&actions_);
    } catch (...) {
      posix_spawn_file_actions_destroy(&actions_);
      throw;
    }
  }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  void connect(int stream, std::optional<int> source) {
    if (!source) return;
    if (source == DEVNULL) {
      return check(posix_spawn_file_actions_addopen(&actions_, stream,
                                                    "/dev/null", O_RDWR, 0));
    }
    check(posix_spawn_file_actions_adddup2(
        &actions_, source == STDOUT ? STDOUT_FILENO : *source, stream));
  }

  // Closes also the descriptors that are not close-on-exec. No `#if`: the
  // function is looked up only when this is instantiated. Without it (glibc
  // before 2.34, macOS), the process inherits these descriptors.
  template <class Actions>
  static void close_others(Actions* actions) {
    if constexpr (requires {
                    posix_spawn_file_actions_addclosefrom_np(actions, 3);
                  }) {
      check(
          posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1));
    }
  }

  posix_spawn_file_actions_t actions_;
};

// The session and the signals of the new process. Signals that this program
// catches get their default disposition by exec() itself. This program, or its
// library, may ignore SIGPIPE and SIGXFSZ; other ignored signals stay ignored,
// as nohup(1) and shells rely on this.
class Attributes {
 public:
  explicit Attributes(const SubprocessOptions& options) {
    check(posix_spawnattr_init(&attributes_));
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (options.start_new_session) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// The PATH of an environment without one. Port of os.defpath.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

// The files that `program` may mean. With an environment of its own, a name
// without '/' is looked up in the PATH of that environment; posix_spawnp() does
// so with the PATH of this program.
std::vector<std::string> candidates(const std::string& program,
                                    const SubprocessOptions& options) {
  if (!options.env || program.find('/') != std::string::npos) return {program};
  const auto path = options.env->find("PATH");
  std::string_view folders =
      path == options.env->end() ? kDefaultPath : path->second;
  std::vector<std::string> files;
  for (;;) {
    const std::size_t end = folders.find(':');
    const std::string folder(folders.substr(0, end));
    files.push_back((folder.empty() ? "." : folder) + "/" + program);
    if (end == std::string_view::npos) return files;
    folders.remove_prefix(end + 1);
  }
}

}  // namespace

pid_t spawn(const std::string& program, const std::vector<std::string>& args,
            const SubprocessOptions& options, const ChildStdio& stdio) {
  const StringArray argv(argv_of(program, args));
  const StringArray env(environment_of(options));
  const FileActions actions(options, stdio);
  const Attributes attributes(options);
  kernel::SpawnPlan plan = {nullptr, argv.data(),
                            options.env ? env.data() : environ, actions.get(),
                            attributes.get()};
  int error = ENOENT;
  for (const std::string& file : candidates(program, options)) {
    plan.program = file.c_str();
    const pid_t pid = kernel::spawn(plan);
    if (pid != -1) return pid;
    if (error == ENOENT && errno != ENOTDIR) error = errno;
  }
  std::string what = "start of '" + program + "'";
  if (!options.cwd.empty()) what += " in directory '" + options.cwd + "'";
  throw selectors::make_os_error(error, what);
}

}  // namespace loop
