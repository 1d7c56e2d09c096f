package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
)

// pause holds the namespaces of a pod until it is told to end.
func pause([]string) error {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)
	go reap()
	<-ends
	return nil
}

// node starts the first process of a node: with network, mounts, processes and IPC of its own. It writes that
// process's id, as this side sees it, to the file that is its only argument, and ends: when the process dies, however
// it dies, the kernel ends everything in those namespaces and takes their mounts, interfaces and rules away.
func node(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("node: usage: box node PIDFILE")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	first := exec.Command(self, "init")
	first.Stderr = os.Stderr
	first.Dir = "/"
	first.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
	}
	ready, err := first.StdoutPipe()
	if err != nil {
		return err
	}
	if err := first.Start(); err != nil {
		return fmt.Errorf("node: no namespaces: %w", err)
	}
	// Closed without a byte when it fails.
	if n, _ := ready.Read(make([]byte, 1)); n != 1 {
		return fmt.Errorf("node: first process: %v", first.Wait())
	}
	partial := args[0] + ".partial"
	if err := os.WriteFile(partial, []byte(strconv.Itoa(first.Process.Pid)), 0o644); err != nil {
		return err
	}
	return os.Rename(partial, args[0])
}

// initProcess is process 1 of the node: it keeps mounts to itself and collects orphans until it is killed.
func initProcess([]string) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("init: only as the first process of `box node`")
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("init: private mounts: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("init: /proc: %w", err)
	}
	// Registered before anything can be an orphan.
	orphans := make(chan os.Signal, 16)
	signal.Notify(orphans, syscall.SIGCHLD)
	if _, err := os.Stdout.Write([]byte("\n")); err != nil {
		return err
	}
	for range orphans {
		collect()
	}
	return nil
}

func reap() {
	orphans := make(chan os.Signal, 16)
	signal.Notify(orphans, syscall.SIGCHLD)
	for range orphans {
		collect()
	}
}

func collect() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if pid <= 0 || err != nil {
			return
		}
	}
}
