package clustertest

import (
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// Main runs the tests of a package, ends the control plane that they started, and returns the exit code: TestMain is
// os.Exit(clustertest.Main(m)). It turns a success into a failure when the control plane ended by itself, or when
// goroutines are left that no option excuses.
func Main(m *testing.M, options ...goleak.Option) int {
	ctrllog.SetLogger(logr.Discard())
	code := m.Run()
	err := shared.stop()
	if err == nil && code == 0 {
		err = goleak.Find(options...)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "clustertest: %v\n", err)
		return max(code, 1)
	}
	return code
}
