package sync_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/manifest"
)

// largest is as many objects as one app may have.
const largest = 5000

// manySettings are the ConfigMaps in files of a thousand.
func manySettings() []string {
	var files []string
	for from := 0; from < largest; from += 1000 {
		var text strings.Builder
		for i := from; i < min(largest, from+1000); i++ {
			fmt.Fprintf(&text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings-%d}\ndata: {key: \"1\"}\n", i)
		}
		files = append(files, fmt.Sprintf("settings-%d.yaml", from), text.String())
	}
	return files
}

// BenchmarkLargeApp times one app of as many objects as it may have: its first install beside a bare client that applies
// the same objects concurrently, a commit that changes one of them, and a pass that changes none.
func BenchmarkLargeApp(b *testing.B) {
	s := newStage(b, options{timeout: 10 * time.Minute}, manySettings()...)
	bare := clustertest.Namespace(b)
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(apply.DefaultConcurrency)
	for i := 1; i < len(manySettings()); i += 2 {
		set, err := manifest.Read(b.Context(), fstest.MapFS{"settings.yaml": {Data: []byte(manySettings()[i])}})
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range set.Manifests {
			o := m.Object
			o.SetNamespace(bare)
			group.Go(func() error {
				return s.client.Apply(b.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("bare"))
			})
		}
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	floor := time.Since(began)
	s.commit()
	installed := s.timePass(b)
	files := manySettings()
	files[1] = strings.Replace(files[1], `{key: "1"}`, `{key: "2"}`, 1)
	s.commit(files...)
	changed := s.timePass(b)
	idle := s.timePass(b)
	b.ReportMetric(installed.Seconds()/floor.Seconds(), "install/bare")
	b.ReportMetric(changed.Seconds()/floor.Seconds(), "one-change/bare")
	b.ReportMetric(idle.Seconds()/floor.Seconds(), "no-change/bare")
	fmt.Fprintf(os.Stderr, "one app of %d objects: installed in %s (bare client %s), one changed in %s, none in %s\n",
		largest, round(installed), round(floor), round(changed), round(idle))
}

// timePass makes one pass, and returns how long it took.
func (s *stage) timePass(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	if _, err := s.loop.Reconciler.Reconcile(b.Context()); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
