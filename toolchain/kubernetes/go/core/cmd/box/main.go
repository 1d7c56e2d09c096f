// Command box is every small program that a cluster of tests needs inside: the pause container, the first process
// of the node's namespaces, what makes and removes volume directories, and probes for pods without a shell. Static
// and without imports beyond the standard library: it is the whole content of an image.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	args := os.Args
	// A container whose command is a single path gets its program by a link of that name.
	if name := filepath.Base(args[0]); name != "box" {
		args = append([]string{"box", name}, args[1:]...)
	}
	if len(args) < 2 {
		fail(fmt.Errorf("which program? pause, node, volume, serve, connect, resolve, write, read, burn"))
	}
	commands := map[string]func([]string) error{
		"pause":   pause,
		"node":    node,
		"init":    initProcess,
		"volume":  volume,
		"serve":   serve,
		"connect": connect,
		"resolve": resolve,
		"write":   write,
		"read":    read,
		"burn":    burn,
	}
	command, known := commands[args[1]]
	if !known {
		fail(fmt.Errorf("no program %q", args[1]))
	}
	if err := command(args[2:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "box: %v\n", err)
	os.Exit(1)
}
