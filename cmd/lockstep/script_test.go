package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// TestScripts runs the sessions in testdata/script, each as a user types it, on a namespace of its own. Beside what
// testscript knows there is
//
//	exits CODE COMMAND...        runs a command that has to end with that exit code
//	eventually REGEXP COMMAND... runs a command again and again until its output matches
//	gone REGEXP COMMAND...       likewise, until its output does not match any more
//	commit MESSAGE               commits everything below the folder repo
//	head NAME                    puts the hash of the head of repo into a variable
//	terminate                    sends SIGTERM to what runs in the background
//	asked PREFIX                 waits until a path with it is asked of the address $SILENT, which never answers
//	edit NAME VALUE              changes the key of a ConfigMap of the namespace as somebody else does
//	connections N                N connections were made to the address $PROD
func TestScripts(t *testing.T) {
	kubeconfig := clustertest.Kubeconfig(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			prod := listen(t)
			env.Values["prod"] = prod
			env.Values["cluster"] = clustertest.Client(t)
			env.Setenv("KUBECONFIG", kubeconfig)
			env.Setenv("NS", clustertest.Namespace(t))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("PORT", freePort(t))
			env.Setenv("PROD", prod.Addr().String())
			config, silence := silent(t, hold)
			env.Values["silence"] = silence
			env.Setenv("SILENT", strings.TrimPrefix(config.Host, "http://"))
			for _, name := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+name+"_NAME", "Ada")
				env.Setenv("GIT_"+name+"_EMAIL", "ada@example.com")
			}
			return copyExamples(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "eventually": eventually, "commit": commit, "connections": connections, "terminate": terminate,
			"asked": asked, "gone": gone, "edit": edit, "head": head,
		},
	})
}

// copyExamples puts the example into the repository of the script.
func copyExamples(dir string) error {
	for _, file := range []string{"web-deployment.yaml", "web-service.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../examples/web", file))
		if err != nil {
			return err
		}
		folder := filepath.Join(dir, "repo", "manifests")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, file), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func eventually(ts *testscript.TestScript, neg bool, args []string) { until(ts, neg, args, true) }

func gone(ts *testscript.TestScript, neg bool, args []string) { until(ts, neg, args, false) }

// until runs a command again and again until its output matches, or does not any more.
func until(ts *testscript.TestScript, neg bool, args []string, matches bool) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually|gone REGEXP COMMAND...")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if err = ts.Exec(args[1], args[2:]...); err == nil && want.MatchString(ts.ReadFile("stdout")) == matches {
			return
		}
	}
	ts.Fatalf("waited in vain for %s; last seen:\n%s%s%v", want, ts.ReadFile("stdout"), ts.ReadFile("stderr"), err)
}

func commit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: commit MESSAGE")
	}
	for _, line := range [][]string{{"init", "-q", "-b", "main", "repo"}, {"-C", "repo", "add", "-A"}, {"-C", "repo", "commit", "-q", "-m", args[0]}} {
		ts.Check(ts.Exec("git", line...))
	}
}

func head(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: head NAME")
	}
	ts.Check(ts.Exec("git", "-C", "repo", "rev-parse", "HEAD"))
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func terminate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: terminate")
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: asked PREFIX")
	}
	for path := range ts.Value("silence").(<-chan string) {
		if strings.HasPrefix(path, args[0]) {
			return
		}
	}
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: edit NAME VALUE")
	}
	settings := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ts.Getenv("NS"), Name: args[0]}}
	change := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"data":{"key":%q}}`, args[1]))
	ts.Check(ts.Value("cluster").(client.Client).Patch(context.Background(), settings, change, client.FieldOwner("somebody")))
}

// counter is a server that only counts who calls.
type counter struct {
	net.Listener
	calls atomic.Int32
}

func listen(t testing.TB) *counter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{Listener: l}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.calls.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return c
}

func connections(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: connections N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := ts.Value("prod").(*counter).calls.Load(); int(got) != want {
		ts.Fatalf("%d connections, want %d", got, want)
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}
