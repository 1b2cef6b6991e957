#!/bin/sh
# epoll refuses the poll descriptor of ALSA's "null" device, which is /dev/null.
#
# Seen with libasound 1.2.8 (libasound2 1.2.8-1+b1, Debian 12) on Linux 6.18.
#
# The usual guess: what snd_pcm_poll_descriptors() gives can be registered with
# any event loop, and "null", made for tests and machines without a sound card,
# behaves as a device that is always ready.
# Seen: poll(2) calls it writable each time. EPOLL_CTL_ADD fails with EPERM, as
# for a regular file, so that a program that plays through epoll fails with the
# one device that needs no hardware.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libasound2=1.2.8-1+b1 \
  libasound2-data=1.2.8-1 libasound2-dev=1.2.8-1+b1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libasound.so.2')")
cc -Iusr/include -o probe -x c - -x none "$lib/libasound.so.2" <<'C'
#include <alsa/asoundlib.h>
#include <sys/epoll.h>

int main(void) {
  snd_pcm_t *pcm;
  struct pollfd fd;
  printf("libasound %s\n", snd_asoundlib_version());
  if (snd_pcm_open(&pcm, "null", SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK) ||
      snd_pcm_set_params(pcm, SND_PCM_FORMAT_S16, SND_PCM_ACCESS_RW_INTERLEAVED, 2,
                         48000, 1, 100000) ||
      snd_pcm_poll_descriptors(pcm, &fd, 1) != 1)
    return 2;
  char link[40], target[40] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd.fd);
  if (readlink(link, target, sizeof target - 1) < 0) return 2;
  int ready = poll(&fd, 1, 0);
  struct epoll_event event = {.events = EPOLLOUT};
  int refused =
      epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, fd.fd, &event) && errno == EPERM;
  printf("the descriptor is %s; poll: %s; epoll: %s\n", target,
         ready && fd.revents & POLLOUT ? "writable" : "not writable",
         refused ? "EPERM" : "accepted");
  return !(refused && ready == 1 && fd.revents & POLLOUT);
}
C
ALSA_CONFIG_PATH=$dir/usr/share/alsa/alsa.conf LD_LIBRARY_PATH="$lib" ./probe
