package charts

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
)

// chart is the folder of the chart.
const chart = "lockstep"

var write = flag.Bool("write", false, "write the chart's README instead of comparing it")

// programs are built once for all tests, into a folder that goes with them.
var programs = struct {
	stdsync.Mutex
	dir   string
	built map[string]string
}{built: map[string]string{}}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if err := plane.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// program builds a command, from the module in a folder, and returns its path.
func program(t *testing.T, module, of string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if path := programs.built[of]; path != "" {
		return path
	}
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "lockstep-charts-")
		must(t, err)
		programs.dir = dir
	}
	path := filepath.Join(programs.dir, filepath.Base(of))
	cmd := exec.Command("go", "build", "-C", module, "-o", path, of)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", of, err, out)
	}
	programs.built[of] = path
	return path
}

// helm runs Helm and returns what it prints; the error has what it says is wrong.
func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return helmUntil(t.Context(), t, args...)
}

// helmUntil is helm for what outlives the test's own context, as a cleanup does.
func helmUntil(ctx context.Context, t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(ctx, program(t, ".", "helm.sh/helm/v4/cmd/helm"), args...)
	home := t.TempDir() // nothing of the user's own Helm
	cmd.Env = append(os.Environ(), "HELM_CONFIG_HOME="+home, "HELM_CACHE_HOME="+home, "HELM_DATA_HOME="+home, "KUBECONFIG=")
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	if err := cmd.Run(); err != nil {
		return out.String(), errors.Join(err, errors.New(strings.TrimSpace(wrong.String())))
	}
	return out.String(), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
