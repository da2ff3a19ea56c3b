package e2e

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	stdsync "sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// tally is what a client has seen: every answer and every failure.
type tally struct {
	asked    int
	failed   []string
	pods     map[string]int
	versions map[string]int
}

// load is a client that sends requests to the stage's Service without a pause, each on a new connection.
type load struct {
	stage *stage
	url   string
	http  *http.Client
	mu    stdsync.Mutex
	now   tally
}

// answer is what the web server says: its pod and its version.
var answer = regexp.MustCompile(`^Hello from (\S+) (\S+)`)

// send starts a client, which ends with the test. No request of it may fail.
func (s *stage) send() *load {
	s.t.Helper()
	l := &load{stage: s}
	l.reset()
	var service corev1.Service
	must(s.t, s.client.Get(s.t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "web-service"}, &service))
	if s.direct {
		l.url = "http://" + service.Spec.ClusterIP + "/"
		l.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	} else {
		base, _, err := rest.DefaultServerUrlFor(s.config)
		must(s.t, err)
		l.url = base.JoinPath("api", "v1", "namespaces", s.namespace, "services", "web-service:80", "proxy").String() + "/"
		l.http, err = rest.HTTPClientFor(s.config)
		must(s.t, err)
	}
	l.http.Timeout = 5 * time.Second
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			l.ask(ctx)
		}
	}()
	s.t.Cleanup(func() {
		cancel()
		<-done
		l.http.CloseIdleConnections()
	})
	return l
}

// ask sends one request and keeps what came of it, unless the client ends meanwhile.
func (l *load) ask(ctx context.Context) {
	at := time.Now()
	pod, version, err := l.request(ctx)
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.asked++
	if err != nil {
		l.now.failed = append(l.now.failed, fmt.Sprintf("%s after %d ms: %v", at.Format("15:04:05.000"), time.Since(at).Milliseconds(), err))
		return
	}
	l.now.pods[pod]++
	l.now.versions[version]++
}

func (l *load) request(ctx context.Context) (pod, version string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url, nil)
	if err != nil {
		return "", "", err
	}
	response, err := l.http.Do(request)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return "", "", err
	}
	words := answer.FindSubmatch(body)
	if response.StatusCode != http.StatusOK || words == nil {
		return "", "", fmt.Errorf("%s: %q", response.Status, body)
	}
	return string(words[1]), string(words[2]), nil
}

// reset begins a new tally and returns the old one.
func (l *load) reset() *tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.now
	l.now = tally{pods: map[string]int{}, versions: map[string]int{}}
	return &old
}

func (l *load) peek() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now
	now.failed, now.pods, now.versions = slices.Clone(now.failed), maps.Clone(now.pods), maps.Clone(now.versions)
	return now
}

// until waits until what was answered since the last reset is as wanted.
func (l *load) until(what string, want func(tally) bool) {
	l.stage.t.Helper()
	clustertest.Eventually(l.stage.t, what, func(context.Context) (bool, string) {
		now := l.peek()
		return want(now), fmt.Sprintf("%+v", now)
	})
}

// unbroken ends a tally, in which no request may have failed.
func (l *load) unbroken(during string, since time.Time) *tally {
	l.stage.t.Helper()
	seen := l.reset()
	l.stage.figure(during, since, seen)
	if len(seen.failed) > 0 {
		l.stage.t.Errorf("%s: %d of %d requests failed, the first: %s", during, len(seen.failed), seen.asked, seen.failed[0])
	}
	return seen
}
