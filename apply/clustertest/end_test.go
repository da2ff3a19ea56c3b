package clustertest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// endEnv makes the test below the test binary that ends, in the way that it names.
const endEnv = "CLUSTERTEST_END"

func TestATestBinaryThatEndsBadlyLeavesNoControlPlane(t *testing.T) {
	kubeconfig, server := clustertest.Kubeconfig(t), clustertest.Config(t).Host
	switch os.Getenv(endEnv) {
	case "panic":
		fmt.Println(server, kubeconfig)
		panic("on purpose")
	case "kill":
		fmt.Println(server, kubeconfig)
		select {}
	}
	for _, end := range []string{"panic", "kill"} {
		t.Run(end, func(t *testing.T) { endBadly(t, end) })
	}
}

func endBadly(t *testing.T, end string) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestATestBinaryThatEndsBadlyLeavesNoControlPlane$")
	cmd.Env = append(os.Environ(), endEnv+"="+end)
	cmd.Stdin, cmd.Stderr = nil, os.Stderr
	if end == "panic" {
		cmd.Stderr = io.Discard // the panic is expected, and long
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	server, kubeconfig, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok {
		t.Errorf("the test binary says %q", line)
	}
	if end == "kill" {
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait()
	clustertest.Eventually(t, "the control plane's folder to go", func(context.Context) (bool, string) {
		_, err := os.Stat(filepath.Dir(kubeconfig))
		return os.IsNotExist(err), fmt.Sprint(err)
	})
	clustertest.Eventually(t, "the port to be free", func(context.Context) (bool, string) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server, "https://"))
		if err == nil {
			_ = conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED), fmt.Sprint(err)
	})
}
