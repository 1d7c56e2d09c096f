package main

import (
	"flag"
	"fmt"
	"os"
)

// volume makes or removes the directory of a volume: the provisioner runs it in a helper pod on the node.
func volume(args []string) error {
	flags := flag.NewFlagSet("volume", flag.ContinueOnError)
	path := flags.String("p", "", "directory")
	action := flags.String("a", "", "create or delete")
	flags.String("s", "", "size in bytes; not limited here")
	flags.String("m", "", "Filesystem or Block")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *path == "" || *path == "/" {
		return fmt.Errorf("volume: no directory")
	}
	switch *action {
	case "create":
		if err := os.MkdirAll(*path, 0o777); err != nil {
			return err
		}
		// Whatever user a pod runs as: the mask of this process does not count.
		return os.Chmod(*path, 0o777)
	case "delete":
		return os.RemoveAll(*path)
	default:
		return fmt.Errorf("volume: action %q: create or delete", *action)
	}
}
