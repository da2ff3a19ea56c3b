package apply_test

import (
	"os"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m)) }

// app is one app on a real cluster, and what it has on record.
type app struct {
	*testing.T
	*apply.Applier
	client   client.WithWatch
	request  apply.Request
	outcomes []string // of the last apply and prune, sorted
}

func newApp(t *testing.T) *app {
	t.Helper()
	c := clustertest.Client(t)
	return &app{T: t, Applier: apply.New(c, nil), client: c, request: apply.Request{
		App: "web", Namespace: clustertest.Namespace(t), Prune: true, Recorded: map[object.ID]inventory.Entry{},
	}}
}

// read parses the documents of one file.
func read(t testing.TB, documents ...string) []manifest.Manifest {
	t.Helper()
	set, err := manifest.Read(t.Context(), fstest.MapFS{"app.yaml": {Data: []byte(strings.Join(documents, "\n---\n"))}})
	if err != nil {
		t.Fatal(err)
	}
	return set.Manifests
}

// plan plans the documents.
func (a *app) plan(documents ...string) (*apply.Plan, error) {
	a.Helper()
	a.request.Manifests = nil
	if len(documents) > 0 {
		a.request.Manifests = read(a.T, documents...)
	}
	return a.Plan(a.Context(), a.request)
}

// sync applies and prunes the documents, and puts the result on record.
func (a *app) sync(documents ...string) error {
	a.Helper()
	plan, err := a.plan(documents...)
	if err != nil {
		return err
	}
	var mu stdsync.Mutex
	a.outcomes = nil
	report := func(c *apply.Change) {
		mu.Lock()
		defer mu.Unlock()
		a.outcomes = append(a.outcomes, c.String())
	}
	if err := a.Apply(a.Context(), plan, report); err != nil {
		return err
	}
	if err := a.Prune(a.Context(), plan, report); err != nil {
		return err
	}
	slices.Sort(a.outcomes)
	a.request.Recorded = map[object.ID]inventory.Entry{}
	for _, c := range plan.Changes {
		a.request.Recorded[c.ID] = inventory.Entry{Version: c.Version, Hash: c.Hash, Fingerprint: c.Fingerprint()}
	}
	return nil
}

// mustSync is sync that has to work, with the given outcomes.
func (a *app) mustSync(want []string, documents ...string) {
	a.Helper()
	if err := a.sync(documents...); err != nil {
		a.Fatal(err)
	}
	if !slices.Equal(a.outcomes, want) {
		a.Errorf("outcomes\n%s\nwant\n%s", strings.Join(a.outcomes, "\n"), strings.Join(want, "\n"))
	}
}

// live reads an object of the app's namespace; nil if there is none.
func (a *app) live(apiVersion, kind, name string) *unstructured.Unstructured {
	a.Helper()
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	err := a.client.Get(a.Context(), client.ObjectKey{Namespace: a.request.Namespace, Name: name}, o)
	if client.IgnoreNotFound(err) != nil {
		a.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return o
}

// parse reads one object of a document.
func parse(t testing.TB, document string) *unstructured.Unstructured {
	t.Helper()
	return read(t, document)[0].Object
}

func configMap(name, value string, annotations ...string) string {
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
	if len(annotations) > 0 {
		text += "  annotations:\n"
		for _, line := range annotations {
			text += "    " + line + "\n"
		}
	}
	return text + "data:\n  key: \"" + value + "\"\n"
}
