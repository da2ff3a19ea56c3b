package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// apps is how many there are in the tests of shards.
const apps = 12

func TestShardsAreSharedByReplicasThatComeAndGo(t *testing.T) {
	const shards = 6
	p := newPair(t)
	config := p.appOfEachFolder("one")
	flags := []string{"--config", config, "--shards", fmt.Sprint(shards)}
	a, b, c := p.start("a", flags...), p.start("b", flags...), p.start("c", flags...)
	p.serving(apps, shards, a, b, c)
	for _, d := range []*process{a, b, c} {
		d.tellsOfAll()
	}
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
	stranger.tellsOfAll()
	p.commitOnce("six")
	if wrote := slices.ContainsFunc(p.ledger.of("/"), func(w request) bool { return w.by == "stranger" }); wrote {
		t.Error("a replica that divides the apps otherwise has written")
	}
}

// tellsOfAll waits until a replica tells the apps of all. As long as it does not, as some are being handed over, it says so.
func (d *process) tellsOfAll() {
	d.Helper()
	clustertest.Eventually(d, d.name+" to tell all apps", func(context.Context) (bool, string) {
		out, code := d.lockstep("status", "--server", "http://"+d.address)
		whole := code == exitHealthy && strings.Contains(out, fmt.Sprintf("%d apps: %[1]d healthy\n", apps))
		if said := strings.Contains(out, "not all apps are shown: "); code != exitHealthy || whole == said {
			d.Errorf("%s says %d %s", d.name, code, out)
		}
		return whole, out
	})
	for i := range apps {
		app := fmt.Sprintf("app-%d", i)
		clustertest.Eventually(d, d.name+" to tell "+app, func(context.Context) (bool, string) {
			out, code := d.lockstep("status", app, "--server", "http://"+d.address)
			if code != exitHealthy && !strings.Contains(out, "not all apps are shown: ") {
				d.Errorf("%s says %d %s", d.name, code, out)
			}
			return code == exitHealthy, out
		})
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
	hangs := "apiVersion: v1\nkind: Pod\nmetadata: {name: hangs}\nspec: {nodeSelector: {is: nowhere}, containers: [{name: c, image: c}]}\n"
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
