package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// daemon is a lockstep run of the stage's app.
type daemon struct {
	*stage
	address string
	out     lockedBuffer // stdout and stderr
}

// flags are those of every command that is about the stage's app.
func (s *stage) flags() []string {
	return []string{
		"--repo", s.repo.Dir, "--path", "manifests", "--name", "web", "-n", s.namespace, "--state-namespace", s.namespace,
		"--kubeconfig", *kubeconfig, "--context", s.context,
	}
}

// start runs the daemon until the test ends. It has to end in order then.
func (s *stage) start(flags ...string) *daemon {
	s.t.Helper()
	d := &daemon{stage: s, address: freeAddress(s.t)}
	cmd := exec.Command(lockstep(s.t), append(append([]string{"run", "--listen", d.address}, s.flags()...), flags...)...)
	cmd.Stdout, cmd.Stderr = &d.out, &d.out
	must(s.t, cmd.Start())
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("lockstep run: %v", err)
		}
		if s.t.Failed() {
			s.t.Logf("lockstep run:\n%s", d.out.String())
		}
	})
	return d
}

// once is a lockstep run --once: its output and its exit code.
func (s *stage) once(flags ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	var out, err bytes.Buffer
	cmd := exec.Command(lockstep(s.t), append(append([]string{"run", "--once"}, s.flags()...), flags...)...)
	cmd.Stdout, cmd.Stderr = &out, &err
	if failure := cmd.Run(); failure != nil && cmd.ProcessState == nil {
		s.t.Fatal(failure)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// status is what the daemon says of the app, in JSON.
func (d *daemon) status(ctx context.Context) (status.App, error) {
	var app status.App
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.address+"/api/v1/apps/web", nil)
	if err != nil {
		return app, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return app, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return app, fmt.Errorf("the daemon answered %s", response.Status)
	}
	return app, json.NewDecoder(response.Body).Decode(&app)
}

// await waits until the daemon says what is wanted, and returns that.
func (d *daemon) await(what string, want func(status.App) bool) status.App {
	d.t.Helper()
	var app status.App
	clustertest.Eventually(d.t, what, func(ctx context.Context) (bool, string) {
		now, err := d.status(ctx)
		if err != nil {
			return false, fmt.Sprintf("%v; before that %s %s: %s", err, app.State, app.Reason, app.Message)
		}
		app = now
		return want(app), fmt.Sprintf("%s %s: %s\nproblems %+v", app.State, app.Reason, app.Message, app.Problems)
	})
	return app
}

// healthy waits until the head of the branch is on record as healthy.
func (d *daemon) healthy() status.App {
	d.t.Helper()
	head := d.repo.Git("rev-parse", "HEAD")
	return d.await("a healthy commit", func(app status.App) bool {
		return app.State == "Healthy" && strings.HasSuffix(app.Revision.Healthy.String(), head[:7])
	})
}

// told is what a person reads of the app; it has to match.
func (d *daemon) told(want string) string {
	d.t.Helper()
	text := d.read("status", "web", "--server", "http://"+d.address)
	if !regexp.MustCompile(want).MatchString(flow(text)) {
		d.t.Errorf("lockstep status web does not say %q:\n%s", want, text)
	}
	return text
}

func (d *daemon) read(args ...string) string {
	d.t.Helper()
	text, err := exec.Command(lockstep(d.t), args...).CombinedOutput()
	if err != nil {
		d.t.Errorf("lockstep %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}

// flow takes the line breaks out of a text.
func flow(text string) string { return strings.Join(strings.Fields(text), " ") }

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu stdsync.Mutex
	b  bytes.Buffer
}

// Write appends to the buffer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns all that was written.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// figure tells how long something took, and what the client saw meanwhile.
func (s *stage) figure(what string, since time.Time, seen *tally) {
	s.t.Helper()
	if seen == nil {
		s.t.Logf("figure: %s: %d ms", what, time.Since(since).Milliseconds())
		return
	}
	s.t.Logf("figure: %s: %d ms, %d requests, %d failed, %d pods, versions %v", what, time.Since(since).Milliseconds(),
		seen.asked, len(seen.failed), len(seen.pods), seen.versions)
}
