package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// pair is a namespace, a repository, and daemons that take turns with them, each behind a proxy of its own.
type pair struct {
	*testing.T
	repo      *gittest.Repo
	namespace string
	client    client.Client
	ledger    *ledger
}

// ledger is what all daemons have sent to the API server to change something, in the order in which it came there.
type ledger struct {
	mu     stdsync.Mutex
	writes []request
	seen   func(request) // called before a write goes on to the API server; nil for nothing
	turns  []turn        // of the Leases, in their order
	fault  func(by string, w http.ResponseWriter, r *http.Request) (answered bool)
}

type request struct {
	by, method, path string
	at               time.Time
}

func (l *ledger) note(w request) {
	l.mu.Lock()
	l.writes = append(l.writes, w)
	seen := l.seen
	l.mu.Unlock()
	if seen != nil {
		seen(w)
	}
}

// fail has each request shown before it goes on: one that fault has answered does not.
func (l *ledger) fail(fault func(by string, w http.ResponseWriter, r *http.Request) (answered bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// fails answers a request that is to fail.
func (l *ledger) fails(by string, w http.ResponseWriter, r *http.Request) bool {
	l.mu.Lock()
	fault := l.fault
	l.mu.Unlock()
	return fault != nil && fault(by, w, r)
}

// of are the writes so far that are about path.
func (l *ledger) of(path string) []request {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []request
	for _, w := range l.writes {
		if strings.Contains(w.path, path) {
			found = append(found, w)
		}
	}
	return found
}

// on has each write shown before it goes on.
func (l *ledger) on(seen func(request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = seen
}

func newPair(t *testing.T) *pair {
	t.Helper()
	clustertest.Config(t) // skips
	return &pair{T: t, repo: gittest.New(t), namespace: clustertest.Namespace(t), client: clustertest.Client(t), ledger: &ledger{}}
}

// proxy leads to the API server, and keeps account of what is written by one daemon. It returns a kubeconfig.
func (p *pair) proxy(by string) string {
	p.Helper()
	config := clustertest.Config(p)
	transport, err := rest.TransportFor(config)
	if err != nil {
		p.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		p.Fatal(err)
	}
	reverse := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/leases") && !strings.Contains(r.URL.RawQuery, "dryRun") {
			p.ledger.note(request{by: by, method: r.Method, path: r.URL.Path, at: time.Now()})
		}
		if p.ledger.fails(by, w, r) {
			return
		}
		if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/leases") {
			p.ledger.holding(by, w, r, reverse)
			return
		}
		reverse.ServeHTTP(w, r)
	}))
	p.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		utilnet.CloseIdleConnectionsFor(transport)
	})
	path := filepath.Join(p.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: server.URL}},
		Contexts:       map[string]*clientcmdapi.Context{"lockstep-local": {Cluster: "c"}},
		CurrentContext: "lockstep-local",
	}, path); err != nil {
		p.Fatal(err)
	}
	return path
}

// process is one daemon.
type process struct {
	*pair
	name    string
	address string
	cmd     *exec.Cmd
	out     *lockedBuffer
	ended   chan error
}

// lockedBuffer collects what a process writes.
type lockedBuffer struct {
	mu   stdsync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// leaderAndStandby starts a replica that keeps objects, and another one that waits.
func (p *pair) leaderAndStandby(objects int) (first, second *process) {
	p.Helper()
	p.settings(objects, "one")
	first = p.start("first", p.app()...)
	first.leads()
	second = p.start("second", p.app()...)
	second.waits()
	return first, second
}

// start runs a daemon until the test ends.
func (p *pair) start(name string, flags ...string) *process {
	p.Helper()
	d := &process{pair: p, name: name, out: &lockedBuffer{}, ended: make(chan error, 1)}
	args := append([]string{
		"run", "--leader-elect", "--state-namespace", p.namespace, "--kubeconfig", p.proxy(name), "--listen", "127.0.0.1:0",
		"--state-dir", p.TempDir(), "--log-format", "json",
	}, flags...)
	d.cmd = exec.Command("lockstep", args...)
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		p.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	p.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		err := <-d.ended
		if p.Failed() {
			p.Logf("%s: %v\n%s", d.name, err, d.out)
		}
	})
	clustertest.Eventually(p, name+" to listen", func(context.Context) (bool, string) {
		found := listens.FindStringSubmatch(d.out.String())
		if found != nil {
			d.address = found[1]
		}
		return found != nil, d.out.String()
	})
	return d
}

// listens finds the address of the status API in the log.
var listens = regexp.MustCompile(`"msg":"status API","address":"http://([^"]+)"`)

// signal sends a signal, and waits for the end of a process that has to end by it.
func (d *process) signal(s syscall.Signal) {
	d.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.Fatal(err)
	}
	if s == syscall.SIGKILL || s == syscall.SIGTERM {
		err := <-d.ended
		d.ended <- err
		if s == syscall.SIGTERM && err != nil {
			d.Errorf("%s has not ended in order: %v", d.name, err)
		}
	}
}

// list is what the daemon's status says of the apps that it keeps itself.
func (d *process) list(ctx context.Context) (status.List, error) {
	var list status.List
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.address+"/api/v1/apps?"+selfQuery, nil)
	if err != nil {
		return list, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return list, err
	}
	defer func() { _ = answer.Body.Close() }()
	return list, json.NewDecoder(answer.Body).Decode(&list)
}

// leads waits until the daemon keeps the app, and it is healthy.
func (d *process) leads() {
	d.Helper()
	clustertest.Eventually(d, d.name+" to lead", func(ctx context.Context) (bool, string) {
		list, err := d.list(ctx)
		healthy := 0
		for _, app := range list.Apps {
			if app.State == sync.Healthy {
				healthy++
			}
		}
		return err == nil && list.Replica != nil && !list.Replica.Standby && healthy == 1, fmt.Sprintf("%+v %v", list, err)
	})
}

// waits waits until the daemon is a warm standby that says who leads.
func (d *process) waits() {
	d.Helper()
	clustertest.Eventually(d, d.name+" to be a standby", func(ctx context.Context) (bool, string) {
		list, err := d.list(ctx)
		is := list.Replica
		known := is != nil && len(is.Leases) > 0 && is.Leases[0].Holder != ""
		return known && is.Standby && is.Warm && len(list.Apps) == 0, fmt.Sprintf("%+v %v", list, err)
	})
}

// serving waits until the daemons keep all of the apps, each of them one, healthy, and as evenly as that can be. It returns
// how many each keeps.
func (p *pair) serving(apps, shards int, daemons ...*process) {
	p.Helper()
	clustertest.Eventually(p, fmt.Sprintf("%d apps to be kept by %d daemons", apps, len(daemons)), func(ctx context.Context) (bool, string) {
		keepers, state, even := map[string]int{}, "", true
		for _, d := range daemons {
			list, err := d.list(ctx)
			if err != nil || list.Replica == nil {
				return false, fmt.Sprintf("%s: %v", d.name, err)
			}
			held := 0
			for _, l := range list.Replica.Leases {
				if l.Holder == list.Replica.Identity {
					held++
				}
			}
			even = even && held >= shards/len(daemons) && held <= (shards+len(daemons)-1)/len(daemons)
			for _, app := range list.Apps {
				if app.State == sync.Healthy {
					keepers[app.Name]++
				}
			}
			state += fmt.Sprintf("%s holds %d of %+v; ", d.name, held, list.Replica)
		}
		once := len(keepers) == apps
		for _, n := range keepers {
			once = once && n == 1
		}
		return once && even, fmt.Sprint(state, keepers)
	})
}

// app are the flags of one app of the repository.
func (p *pair) app() []string {
	return []string{"--repo", p.repo.Dir, "--path", "app", "--name", "app", "-n", p.namespace, "--interval", "1s"}
}

// settings writes an app of n ConfigMaps with a value each, and commits.
func (p *pair) settings(n int, value string) {
	for i := range n {
		p.write("app", fmt.Sprintf("app-%d", i), value)
	}
	p.repo.Commit(value)
}

// folders writes apps of one ConfigMap each, and commits.
func (p *pair) folders(value string) {
	for i := range apps {
		name := fmt.Sprintf("app-%d", i)
		p.write("apps/"+name, name, value)
	}
	p.repo.Commit("apps " + value)
}

// appOfEachFolder is folders, and returns a config file that has an app of each.
func (p *pair) appOfEachFolder(value string) (config string) {
	p.Helper()
	p.folders(value)
	config = filepath.Join(p.TempDir(), "lockstep.yaml")
	p.config(config, fmt.Sprintf("- {paths: 'apps/*', repository: shop, namespace: %s}\n", p.namespace))
	return config
}

// have waits until all of the app's ConfigMaps have a value, and returns when that was seen.
func (p *pair) have(n int, value string) time.Time {
	p.Helper()
	clustertest.Eventually(p, "all ConfigMaps to have "+value, func(ctx context.Context) (bool, string) {
		var list corev1.ConfigMapList
		err := p.client.List(ctx, &list, client.InNamespace(p.namespace), client.HasLabels{"lockstep.dev/app"})
		found := 0
		for _, item := range list.Items {
			if strings.HasPrefix(item.Name, "app-") && item.Data["value"] == value {
				found++
			}
		}
		return err == nil && found == n, fmt.Sprintf("%d of %d, %v", found, n, err)
	})
	return time.Now()
}
