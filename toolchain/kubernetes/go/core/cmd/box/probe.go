package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const dialTimeout = 2 * time.Second

// serve answers HTTP on every port named with the host's name, and is healthy.
func serve(ports []string) error {
	if len(ports) == 0 {
		ports = []string{"8080"}
	}
	host, _ := os.Hostname()
	failed := make(chan error, len(ports))
	for _, port := range ports {
		handler := http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
			fmt.Fprintf(out, "%s:%s%s\n", host, port, request.URL.Path)
		})
		go func() { failed <- http.ListenAndServe(":"+port, handler) }()
	}
	fmt.Printf("serving on %s\n", strings.Join(ports, ", "))
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)
	select {
	case err := <-failed:
		return err
	case <-ends:
		return nil
	}
}

// connect opens TCP connections, two seconds each, and prints `ADDRESS open` or `ADDRESS closed: why`; it exits 0
// either way, since a closed one may be what is wanted.
func connect(addresses []string) error {
	for _, address := range addresses {
		connection, err := net.DialTimeout("tcp", address, dialTimeout)
		if err != nil {
			fmt.Printf("%s closed: %s\n", address, reason(err))
			continue
		}
		connection.Close()
		fmt.Printf("%s open\n", address)
	}
	return nil
}

func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES):
		return "denied"
	default:
		return err.Error()
	}
}

// resolve prints the addresses of names, one name a line.
func resolve(names []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	for _, name := range names {
		addresses, err := net.DefaultResolver.LookupHost(ctx, name)
		if err != nil {
			return err
		}
		fmt.Printf("%s %s\n", name, strings.Join(addresses, " "))
	}
	return nil
}

// write puts its second argument into the file that is the first.
func write(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("write: usage: box write FILE TEXT")
	}
	return os.WriteFile(args[0], []byte(args[1]), 0o644)
}

// read prints a file.
func read(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("read: usage: box read FILE")
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(os.Stdout, file)
	return err
}

// burn keeps one processor busy for as long as its argument says, and then waits to be ended.
func burn(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("burn: usage: box burn DURATION")
	}
	length, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	for until := time.Now().Add(length); time.Now().Before(until); {
	}
	return pause(nil)
}
