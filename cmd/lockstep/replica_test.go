package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
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
	writes []write
	seen   func(write) // called before a write goes on to the API server; nil for nothing
}

type write struct {
	by, method, path string
	at               time.Time
}

func (l *ledger) note(w write) {
	l.mu.Lock()
	l.writes = append(l.writes, w)
	seen := l.seen
	l.mu.Unlock()
	if seen != nil {
		seen(w)
	}
}

// of are the writes so far that are about path.
func (l *ledger) of(path string) []write {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []write
	for _, w := range l.writes {
		if strings.Contains(w.path, path) {
			found = append(found, w)
		}
	}
	return found
}

// on has each write shown before it goes on.
func (l *ledger) on(seen func(write)) {
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
			p.ledger.note(write{by: by, method: r.Method, path: r.URL.Path, at: time.Now()})
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

// start runs a daemon until the test ends.
func (p *pair) start(name string, flags ...string) *process {
	p.Helper()
	d := &process{pair: p, name: name, address: "127.0.0.1:" + freePort(p), out: &lockedBuffer{}, ended: make(chan error, 1)}
	args := append([]string{
		"run", "--leader-elect", "--state-namespace", p.namespace, "--kubeconfig", p.proxy(name), "--listen", d.address,
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
	return d
}

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

// list is what the daemon's status says.
func (d *process) list(ctx context.Context) (status.List, error) {
	var list status.List
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.address+"/api/v1/apps", nil)
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

func TestAStandbyTakesOverFromALeaderThatIsKilled(t *testing.T) {
	p := newPair(t)
	p.settings(2, "one")
	first := p.start("first", p.app()...)
	first.leads()
	second := p.start("second", p.app()...)
	second.waits()
	if got := p.ledger.of("/"); len(got) == 0 || got[len(got)-1].by != "first" {
		t.Fatalf("written before the takeover: %+v", got)
	}
	killed := time.Now()
	first.signal(syscall.SIGKILL)
	p.settings(2, "two")
	t.Logf("the commit after a SIGKILL was live after %v", p.have(2, "two").Sub(killed).Round(time.Millisecond))
	second.leads()
}

func TestAStandbyTakesOverFromALeaderThatIsTerminated(t *testing.T) {
	p := newPair(t)
	p.settings(2, "one")
	first := p.start("first", p.app()...)
	first.leads()
	second := p.start("second", p.app()...)
	second.waits()
	terminated := time.Now()
	first.signal(syscall.SIGTERM)
	p.settings(2, "two")
	t.Logf("the commit after a SIGTERM was live after %v", p.have(2, "two").Sub(terminated).Round(time.Millisecond))
	second.leads()
}

func TestALeaderThatIsFrozenInAnApplyWritesNothingOnceAnotherLeads(t *testing.T) {
	const objects = 60
	p := newPair(t)
	p.settings(objects, "one")
	first := p.start("first", p.app()...)
	first.leads()
	second := p.start("second", p.app()...)
	second.waits()

	frozen := make(chan struct{})
	freeze := stdsync.OnceFunc(func() {
		_ = first.cmd.Process.Signal(syscall.SIGSTOP)
		close(frozen)
	})
	written := 0
	p.ledger.on(func(w write) {
		if w.by != "first" || !strings.Contains(w.path, "/configmaps/") {
			return
		}
		p.ledger.mu.Lock()
		written++
		half := written == objects/3
		p.ledger.mu.Unlock()
		if half {
			freeze()
		}
	})
	p.settings(objects, "two")
	<-frozen
	p.have(objects, "two") // by the second
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	first.waits()
	p.settings(objects, "three")
	p.have(objects, "three")
	second.leads()

	writes := p.ledger.of("/")
	begun := -1
	for i, w := range writes {
		switch {
		case w.by == "second" && begun < 0:
			begun = i
		case w.by == "first" && begun >= 0:
			t.Errorf("the first has written %s %s %v after the second began", w.method, w.path, w.at.Sub(writes[begun].at))
		}
	}
	if begun < objects/3 || len(writes) < begun+objects {
		t.Errorf("%d of %d writes were the first's, want some, and all of the rest by the second", begun, len(writes))
	}
}

// apps is how many there are in the tests of shards.
const apps = 12

func TestShardsAreSharedByReplicasThatComeAndGo(t *testing.T) {
	const shards = 6
	p := newPair(t)
	p.folders("one")
	config := filepath.Join(t.TempDir(), "lockstep.yaml")
	p.config(config, fmt.Sprintf("- {paths: 'apps/*', repository: shop, namespace: %s}\n", p.namespace))
	flags := []string{"--config", config, "--shards", fmt.Sprint(shards)}
	a, b, c := p.start("a", flags...), p.start("b", flags...), p.start("c", flags...)
	p.serving(apps, shards, a, b, c)
	p.commitOnce("two")

	killed := time.Now()
	a.signal(syscall.SIGKILL)
	p.serving(apps, shards, b, c)
	t.Logf("all apps were kept %v after a SIGKILL", time.Since(killed).Round(time.Millisecond))
	p.commitOnce("three")

	joined := time.Now()
	d := p.start("d", flags...)
	p.serving(apps, shards, b, c, d)
	t.Logf("the shards were shared %v after another started", time.Since(joined).Round(time.Millisecond))
	p.commitOnce("four")

	left := time.Now()
	b.signal(syscall.SIGTERM)
	p.serving(apps, shards, c, d)
	t.Logf("all apps were kept %v after a SIGTERM", time.Since(left).Round(time.Millisecond))
	p.commitOnce("five")

	// Whoever divides the apps otherwise takes none while these are there.
	stranger := p.start("stranger", "--config", config)
	clustertest.Eventually(t, "the stranger to be a standby", func(ctx context.Context) (bool, string) {
		list, err := stranger.list(ctx)
		return err == nil && list.Replica != nil && list.Replica.Standby && list.Replica.Warm, fmt.Sprint(list, err)
	})
	p.commitOnce("six")
	if wrote := slices.ContainsFunc(p.ledger.of("/"), func(w write) bool { return w.by == "stranger" }); wrote {
		t.Error("a replica that divides the apps otherwise has written")
	}
}

// commitOnce commits a new value for all apps, and sees each of them written once, by one daemon.
func (p *pair) commitOnce(value string) {
	p.Helper()
	before := map[string]int{}
	for _, w := range p.ledger.of("/configmaps/app-") {
		before[w.path]++
	}
	p.folders(value)
	p.have(apps, value)
	after := map[string]int{}
	for _, w := range p.ledger.of("/configmaps/app-") {
		after[w.path]++
	}
	for path, n := range after {
		if n != before[path]+1 {
			p.Errorf("%s was written %d times for one commit", path, n-before[path])
		}
	}
}

// lockstep runs a command and returns what it prints, and the exit code.
func (p *pair) lockstep(args ...string) (string, int) {
	p.Helper()
	cmd := exec.Command("lockstep", args...)
	out, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		p.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestAStandbySaysSoAndLeavesCommandsToTheLeader(t *testing.T) {
	p := newPair(t)
	p.settings(1, "one")
	first := p.start("first", p.app()...)
	first.leads()
	second := p.start("second", p.app()...)
	second.waits()

	list, err := first.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leader := list.Replica.Identity
	for _, args := range [][]string{{"status"}, {"status", "app"}} {
		out, _ := p.lockstep(append(args, "--server", "http://"+second.address)...)
		if want := "standby: " + leader + " holds lockstep"; !strings.Contains(out, want) {
			t.Errorf("lockstep %s says %q, want %q", args, out, want)
		}
	}
	answer, err := http.Get("http://" + second.address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("/readyz of the standby: %s", answer.Status)
	}

	out, code := p.lockstep("suspend", "app", "--state-namespace", p.namespace, "--kubeconfig", clustertest.Kubeconfig(t))
	if code != exitHealthy {
		t.Fatalf("suspend: %d %s", code, out)
	}
	first.signal(syscall.SIGKILL)
	// Who has taken over knows of the command by the record, and takes up the next, which is given before.
	out, code = p.lockstep("resume", "app", "--state-namespace", p.namespace, "--kubeconfig", clustertest.Kubeconfig(t))
	if code != exitHealthy {
		t.Fatalf("resume: %d %s", code, out)
	}
	second.leads()
}

func TestTwoDaemonsThatDoNotTakeTurnsDoNotFight(t *testing.T) {
	const objects = 5
	p := newPair(t)
	p.settings(objects, "one")
	alone := append(p.app(), "--leader-elect=false")
	p.start("first", alone...)
	p.have(objects, "one")
	p.start("second", alone...)
	for _, value := range []string{"two", "three", "four"} {
		p.settings(objects, value)
		p.have(objects, value)
	}
	quiet := len(p.ledger.of("/configmaps/"))
	if most := 2 * objects * 4; quiet > most {
		t.Errorf("%d writes for four commits, want at most %d", quiet, most)
	}
}

func TestWhatLeavesWhileTheLeaderIsFrozenIsRetiredByTheNext(t *testing.T) {
	p := newPair(t)
	p.write("keep", "keep", "one")
	p.write("gone", "gone", "one")
	p.repo.Commit("one")
	config := filepath.Join(t.TempDir(), "lockstep.yaml")
	entry := func(name string) string {
		return fmt.Sprintf("- {name: %s, path: %s, repository: shop, namespace: %s}\n", name, name, p.namespace)
	}
	p.config(config, entry("keep")+entry("gone"))
	first := p.start("first", "--config", config)
	kept := p.uid("keep", "keep", "one")
	p.uid("gone", "gone", "one")
	second := p.start("second", "--config", config)
	second.waits()
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.config(config, entry("keep"))
	clustertest.Eventually(t, "the app that left to be pruned", func(ctx context.Context) (bool, string) {
		err := p.client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: "gone"}, &corev1.ConfigMap{})
		return apierrors.IsNotFound(err), fmt.Sprint(err)
	})
	second.leads()
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	first.waits()
	if p.uid("keep", "keep", "one") != kept {
		t.Error("the other app was made anew")
	}
}

// config writes a config file with entries of apps.
func (p *pair) config(file, entries string) {
	p.Helper()
	text := fmt.Sprintf("apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories: [{name: shop, url: %q, interval: 1s}]\napps:\n%s", p.repo.Dir, entries)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// nameIn is a name of an app that belongs to a shard.
func nameIn(shard, shards int, prefix string) string {
	for i := 0; ; i++ {
		if name := fmt.Sprintf("%s-%d", prefix, i); shardOf(name, shards) == shard {
			return name
		}
	}
}

// write writes a ConfigMap of a folder.
func (p *pair) write(folder, name, value string) {
	p.repo.Write(folder+"/"+name+".yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {value: %q}\n", name, value))
}

// uid waits until a ConfigMap is an app's, with a value, and returns its UID.
func (p *pair) uid(name, app, value string) types.UID {
	p.Helper()
	var found corev1.ConfigMap
	clustertest.Eventually(p, name+" to be of "+app, func(ctx context.Context) (bool, string) {
		err := p.client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: name}, &found)
		return err == nil && found.Labels["lockstep.dev/app"] == app && found.Data["value"] == value, fmt.Sprint(found.Labels, found.Data, err)
	})
	return found.UID
}

func TestAppsOfDifferentShardsDependOnEachOtherAndHandObjectsOver(t *testing.T) {
	p := newPair(t)
	first, then := nameIn(0, 2, "first"), nameIn(1, 2, "then")
	hangs := "apiVersion: v1\nkind: Pod\nmetadata: {name: hangs}\nspec: {nodeSelector: {no: node}, containers: [{name: c, image: c}]}\n"
	p.repo.Write("first/pod.yaml", hangs)
	p.write("first", "moves", "one")
	p.write("then", "stays", "one")
	p.repo.Commit("one")
	config := filepath.Join(t.TempDir(), "lockstep.yaml")
	p.config(config, fmt.Sprintf(`- {name: %s, path: first, repository: shop, namespace: %s}
- {name: %s, path: then, repository: shop, namespace: %s, dependsOn: [%s]}
`, first, p.namespace, then, p.namespace, first))
	a, b := p.start("a", "--config", config, "--shards", "2"), p.start("b", "--config", config, "--shards", "2")
	clustertest.Eventually(t, "the second app to wait", func(ctx context.Context) (bool, string) {
		one, err := a.list(ctx)
		two, err2 := b.list(ctx)
		apps := append(one.Apps, two.Apps...)
		waits := slices.ContainsFunc(apps, func(app status.App) bool {
			return app.Name == then && app.Reason == "DependencyNotReady" && strings.Contains(app.Message, "another replica")
		})
		return len(one.Apps) == 1 && len(two.Apps) == 1 && waits, fmt.Sprint(apps, err, err2)
	})
	if got := p.ledger.of("/configmaps/stays"); len(got) > 0 {
		t.Errorf("the app was applied before the one that it depends on was healthy: %+v", got)
	}

	p.repo.Git("rm", "-q", "first/pod.yaml")
	p.write("first", "moves", "two")
	p.write("then", "stays", "two")
	p.repo.Commit("two")
	before := p.uid("moves", first, "two")
	p.uid("stays", then, "two")
	p.serving(2, 2, a, b)

	p.repo.Git("mv", "first/moves.yaml", "then/moves.yaml")
	p.write("first", "new", "three")
	p.repo.Commit("three")
	if after := p.uid("moves", then, "two"); after != before {
		t.Error("the object was deleted and made anew")
	}
	p.uid("new", first, "three")
	p.serving(2, 2, a, b)
	if after := p.uid("moves", then, "two"); after != before {
		t.Error("the object was deleted and made anew")
	}
}
