package sync_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/sync"
)

// benchServer is the environment variable that makes this test binary a git server of the repositories in a folder, so that
// what asking costs can be told from what answering does.
const benchServer = "LOCKSTEP_BENCH_SERVER"

// runBenchServer serves until its standard input ends. It says where, and how many connections and requests there were for
// each line that it reads.
func runBenchServer(root string) int {
	var connections, requests atomic.Int64
	backend := gittest.At(nobody{}, root).Backend()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		backend.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	fmt.Println(server.URL)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(connections.Load(), requests.Load())
	}
	return 0
}

// nobody is a test that there is none of: what goes wrong ends the process.
type nobody struct{ testing.TB }

func (nobody) Helper()                      {}
func (nobody) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (nobody) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

// pollStage is a git server in a process of its own.
type pollStage struct {
	testing.TB
	url   string
	input io.Writer
	said  *bufio.Reader
}

func newPollStage(t testing.TB, root string) *pollStage {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchServer+"="+root)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	s := &pollStage{TB: t, input: input, said: bufio.NewReader(output)}
	s.url = strings.TrimSpace(s.line())
	return s
}

func (s *pollStage) line() string {
	s.Helper()
	line, err := s.said.ReadString('\n')
	if err != nil {
		s.Fatal(err)
	}
	return line
}

// served is how many connections and requests there were.
func (s *pollStage) served() (connections, requests int) {
	s.Helper()
	_, _ = fmt.Fprintln(s.input)
	if _, err := fmt.Sscan(s.line(), &connections, &requests); err != nil {
		s.Fatal(err)
	}
	return connections, requests
}

func cpu(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkPollOfRestingRepositories follows 100 repositories that nobody pushes to, at the default interval, for a minute,
// and says what that costs here; what it costs the git server is not counted.
func BenchmarkPollOfRestingRepositories(b *testing.B) {
	const repositories = 100
	root := b.TempDir()
	work := gittest.New(b)
	work.Write("manifests/web.yaml", "kind: Web\n")
	work.Commit("first")
	for i := range repositories {
		if err := os.CopyFS(filepath.Join(root, fmt.Sprint(i)), os.DirFS(filepath.Join(work.Dir, ".git"))); err != nil {
			b.Fatal(err)
		}
	}
	s := newPollStage(b, root)
	ctx, end := context.WithCancel(b.Context())
	var running stdsync.WaitGroup
	var opened []*git.Repository
	defer func() {
		end()
		running.Wait()
		for _, repository := range opened {
			_ = repository.Close()
		}
	}()
	for i := range repositories {
		repository, err := git.Open(git.Options{URL: fmt.Sprintf("%s/%d", s.url, i), Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		opened = append(opened, repository)
		feed := sync.NewFeed(repository, sync.DefaultInterval)
		running.Go(func() { _ = feed.Run(ctx) })
		if _, err := feed.Fetch(ctx); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s.minute()
	}
}

// minute reports what one minute costs.
func (s *pollStage) minute() {
	b := s.TB.(*testing.B)
	connections, requests := s.served()
	used := cpu(b)
	time.Sleep(time.Minute)
	used = cpu(b) - used
	c, r := s.served()
	b.ReportMetric(float64(r-requests), "requests/min")
	b.ReportMetric(float64(c-connections), "connections/min")
	b.ReportMetric(used.Seconds()*1000, "cpu-ms/min")
	b.ReportMetric(0, "ns/op")
}
