#!/bin/bash
# After a Go program has passed a listener to a child, its own Accept() ignores deadlines,
# and Close() waits for the next connection, which Accept() still takes.
#
# Seen with Go 1.19.8 (golang-1.19-go, golang-1.19-src 1.19.8-2, Debian 12).
#
# The usual guess: File() makes a copy for the child, and the documentation says that
# closing one of the two leaves the other alone. A server that hands its listener to its
# successor goes on until it closes it.
# Seen: exec.Cmd calls Fd() of each file in ExtraFiles, which sets the descriptor to
# blocking mode, for the sake of old programs (os/file_unix.go). The mode belongs to the socket, not to the copy, so
# that the listener loses O_NONBLOCK too, as does a connection: Accept() and Read() then
# wait in a system call, which neither a deadline nor Close() ends, and occupy a thread
# each. A call of Fd() alone, to read a number, has the same effect. Restore the mode
# with syscall.SetNonblock() after the start of the child, through SyscallConn().
#
# Output, Accept() with a deadline of 0.1 s, and Close() while Accept() waits:
#   before File():     O_NONBLOCK true, Accept(): i/o timeout
#   after File():      O_NONBLOCK true, Accept(): i/o timeout
#   after the child:   O_NONBLOCK false, Accept(): still waits after 1 s
#   Close():           still waits after 1 s; after a connection: <nil>, Accept() <nil>
#   SetNonblock(true): O_NONBLOCK true, Accept(): i/o timeout
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download golang-1.19-go=1.19.8-2 \
  golang-1.19-src=1.19.8-2 || { echo "Go 1.19.8-2 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
cat > probe.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}

func control(l *net.TCPListener, f func(fd uintptr)) {
	raw, err := l.SyscallConn()
	check(err)
	check(raw.Control(f))
}

func nonblocking(l *net.TCPListener) (result bool) {
	control(l, func(fd uintptr) {
		flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		result = flags&syscall.O_NONBLOCK != 0
	})
	return
}

func connect(l *net.TCPListener) {
	connection, err := net.Dial("tcp", l.Addr().String())
	check(err)
	connection.Close()
}

func start(f func() error) chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// Returns whether a thread of this process is inside that system call.
func inSystemCall(number int) bool {
	files, _ := filepath.Glob("/proc/self/task/*/syscall")
	for _, file := range files {
		call, _ := os.ReadFile(file)
		if strings.HasPrefix(string(call), fmt.Sprint(number, " ")) {
			return true
		}
	}
	return false
}

// Prints whether Accept() obeys a deadline, and returns whether it does.
func obeys(name string, l *net.TCPListener) bool {
	check(l.SetDeadline(time.Now().Add(100 * time.Millisecond)))
	fmt.Printf("%-18s O_NONBLOCK %v, Accept(): ", name+":", nonblocking(l))
	done := start(func() error { _, err := l.Accept(); return err })
	select {
	case err := <-done:
		fmt.Println(errors.Unwrap(err))
		return errors.Is(err, os.ErrDeadlineExceeded)
	case <-time.After(time.Second):
		fmt.Println("still waits after 1 s")
		connect(l)
		<-done
		return false
	}
}

// Makes a listener, and passes it to a child.
func listen(names bool) (l *net.TCPListener, good bool) {
	any, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	l = any.(*net.TCPListener)
	good = !names || obeys("before File()", l)
	file, err := l.File()
	check(err)
	good = good && (!names || obeys("after File()", l))
	child := exec.Command("/bin/true")
	child.ExtraFiles = []*os.File{file}
	check(child.Run())
	check(file.Close())
	return
}

func main() {
	fmt.Println(runtime.Version())
	l, same := listen(true)
	same = !obeys("after the child", l) && same

	check(l.SetDeadline(time.Time{}))
	accepted := start(func() error { _, err := l.Accept(); return err })
	for !inSystemCall(syscall.SYS_ACCEPT4) {
		runtime.Gosched()
	}
	closed := start(l.Close)
	fmt.Printf("%-18s ", "Close():")
	select {
	case err := <-closed:
		fmt.Println(err)
		same = false
	case <-time.After(time.Second):
		connect(l)
		atClose, atAccept := <-closed, <-accepted
		fmt.Printf("still waits after 1 s; after a connection: %v, Accept() %v\n", atClose,
			atAccept)
		same = same && atClose == nil && atAccept == nil
	}

	l, _ = listen(false)
	control(l, func(fd uintptr) { check(syscall.SetNonblock(int(fd), true)) })
	if !obeys("SetNonblock(true)", l) || !same {
		fmt.Println("The behaviour has changed")
		os.Exit(1)
	}
}
GO
export GOROOT=$dir/usr/lib/go-1.19 GOCACHE=$dir/cache GO111MODULE=off GOFLAGS=-p=1
"$GOROOT/bin/go" build -o probe probe.go
timeout 60 ./probe
