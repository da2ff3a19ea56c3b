package inventory_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// place is a namespace with a client that counts what it does there.
type place struct {
	t         *testing.T
	namespace string
	client    client.WithWatch
	calls     *calls
}

func newPlace(t *testing.T) place {
	t.Helper()
	counted := &calls{}
	return place{t: t, namespace: clustertest.Namespace(t), client: counted.around(clustertest.Client(t)), calls: counted}
}

// store returns a new Store, as a daemon that has just started has one.
func (p place) store() *inventory.Store { return inventory.NewStore(p.client, p.namespace) }

func (p place) load(s *inventory.Store) *inventory.Inventory {
	p.t.Helper()
	got, err := s.Load(p.t.Context(), "web")
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

func (p place) save(s *inventory.Store, i *inventory.Inventory) {
	p.t.Helper()
	if err := s.Save(p.t.Context(), i); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) secrets() []corev1.Secret {
	p.t.Helper()
	var list corev1.SecretList
	if err := p.client.List(p.t.Context(), &list, client.InNamespace(p.namespace)); err != nil {
		p.t.Fatal(err)
	}
	return list.Items
}

// edit changes a head behind the Store's back.
func (p place) edit(app string, change func(*corev1.Secret)) {
	p.t.Helper()
	head := &corev1.Secret{}
	if err := p.client.Get(p.t.Context(), client.ObjectKey{Namespace: p.namespace, Name: "lockstep." + app}, head); err != nil {
		p.t.Fatal(err)
	}
	change(head)
	if err := p.client.Update(p.t.Context(), head); err != nil {
		p.t.Fatal(err)
	}
}

// small returns the inventory of a small app, at a revision.
func small(revision string) *inventory.Inventory {
	i := inventory.New("web")
	i.Revision, i.Source, i.Path = revision, "https://git.example.com/shop.git", "apps/web"
	i.Set, i.Account, i.Prune = "shop apps/*", "deployer", true
	i.Entries[web] = inventory.Entry{Version: "v1", Hash: revision, Fingerprint: "f"}
	i.Remember(inventory.Record{Revision: revision, State: "Healthy", At: time.Unix(1_700_000_000, 0).UTC(), Duration: time.Second})
	return i
}

// large returns an inventory of many objects whose hashes do not compress, and a healthy state.
func large(revision string, objects, manifests int) *inventory.Inventory {
	i := small(revision)
	var items []inventory.Item
	for n := range max(objects, manifests) {
		name := fmt.Sprintf("config-%05d", n)
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(revision+name)))
		if n < objects {
			id := object.ID{Kind: "ConfigMap", Namespace: "default", Name: name}
			i.Entries[id] = inventory.Entry{Version: "v1", Hash: hash, Fingerprint: fmt.Sprintf("%x", sha256.Sum256([]byte(hash)))}
		}
		if n < manifests {
			items = append(items, inventory.Item{Object: &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name},
				"data": map[string]any{"digest": strings.Repeat(hash, 4)},
			}}})
		}
	}
	i.Healthy = []inventory.State{state(revision, items)}
	return i
}

// heavy returns an inventory that takes two Secrets, as one object of its healthy state does not compress.
func heavy(revision string) *inventory.Inventory {
	i := small(revision)
	noise := make([]byte, 800<<10)                                      // more than one Secret takes
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(revision))).Read(noise) // it never fails
	i.Healthy = []inventory.State{state(revision, []inventory.Item{{Object: &unstructured.Unstructured{
		Object: map[string]any{"kind": "ConfigMap", "data": base64.StdEncoding.EncodeToString(noise)},
	}}})}
	return i
}

func state(revision string, items []inventory.Item) inventory.State {
	packed, _ := inventory.Pack(items) // an object of texts is always written
	return inventory.State{
		Revision: revision, At: time.Unix(1_700_000_000, 0).UTC(), Content: revision, Objects: len(items), Packed: packed,
	}
}

// same compares what is remembered, not whether it was stored.
func same(t *testing.T, got, want *inventory.Inventory) {
	t.Helper()
	text := func(i *inventory.Inventory) string {
		return fmt.Sprint(i.App, i.Source, i.Path, i.Set, i.Account, i.Prune, i.Leaving, i.Revision, len(i.Entries), i.History)
	}
	if text(got) != text(want) || !reflect.DeepEqual(got.Entries, want.Entries) || !reflect.DeepEqual(got.Healthy, want.Healthy) {
		t.Errorf("got %s, want %s", text(got), text(want))
	}
}

func TestASmallAppIsOneSecretAndOneWrite(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	if fresh := p.load(s); !fresh.IsNew() {
		t.Error("something is there before the first save")
	}
	p.calls.reset()
	p.save(s, small("1"))
	p.save(s, small("2"))
	if got := p.calls.String(); got != "create update" {
		t.Errorf("two saves took: %s", got)
	}
	p.calls.reset()
	p.save(s, small("2"))
	if got := p.calls.String(); got != "" {
		t.Errorf("a save of the same took: %s", got)
	}
	got := p.load(s)
	if took := p.calls.String(); took != "get" {
		t.Errorf("a load took: %s", took)
	}
	same(t, got, small("2"))
	p.save(s, got)
	if took := p.calls.String(); took != "get" {
		t.Errorf("a save of what was loaded took: %s", took)
	}
	secrets := p.secrets()
	if len(secrets) != 1 || secrets[0].Name != "lockstep.web" || secrets[0].Type != inventory.SecretType ||
		secrets[0].Labels["lockstep.dev/app"] != "web" || secrets[0].Labels["app.kubernetes.io/managed-by"] != "lockstep" {
		t.Errorf("kept in %d Secrets: %v", len(secrets), secrets[0].ObjectMeta)
	}
}

func TestAnotherDaemonGoesOnFromThere(t *testing.T) {
	p := newPlace(t)
	first := p.store()
	p.save(first, small("1"))
	second := p.store()
	got := p.load(second)
	if got.IsNew() {
		t.Error("nothing was loaded")
	}
	same(t, got, small("1"))
	p.save(second, small("2"))
	if err := first.Save(t.Context(), small("3")); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("the first daemon's save: %v, want a conflict", err)
	}
	same(t, p.load(p.store()), small("2"))
	p.load(first)
	p.save(first, small("3"))
	same(t, p.load(second), small("3"))
}

func TestTwoDaemonsThatBeginAtOnceConflict(t *testing.T) {
	p := newPlace(t)
	first, second := p.store(), p.store()
	p.load(first)
	p.load(second)
	p.save(first, small("1"))
	if err := second.Save(t.Context(), small("2")); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("the second daemon's save: %v, want a conflict", err)
	}
}

func TestASaveOverADeletedInventoryIsAConflict(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	p.save(s, small("1"))
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "lockstep.web"}}
	if err := p.client.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), small("2")); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("save: %v, want a conflict", err)
	}
	if !p.load(s).IsNew() {
		t.Error("something was loaded")
	}
	p.save(s, small("2"))
}

func TestANewerVersionIsNeitherReadNorOverwritten(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	p.save(s, small("1"))
	p.edit("web", func(head *corev1.Secret) { head.Data["version"] = []byte("5") })
	if _, err := s.Load(t.Context(), "web"); !errors.Is(err, inventory.ErrNewer) {
		t.Errorf("load: %v, want ErrNewer", err)
	}
	if err := s.Save(t.Context(), small("2")); !errors.Is(err, inventory.ErrNewer) {
		t.Errorf("save: %v, want ErrNewer", err)
	}
	p.edit("web", func(head *corev1.Secret) { head.Data["version"] = []byte("1") })
	same(t, p.load(s), small("1"))
	p.save(s, small("2"))
}

func TestABrokenInventoryIsSaidToBeAndCanBeReplaced(t *testing.T) {
	for name, breakIt := range map[string]func(*corev1.Secret){
		"another payload": func(head *corev1.Secret) { head.Data["payload"] = []byte("x") },
		"no payload":      func(head *corev1.Secret) { delete(head.Data, "payload") },
		"no version":      func(head *corev1.Secret) { delete(head.Data, "version") },
		"a missing part":  func(head *corev1.Secret) { head.Data["parts"] = []byte("lockstep.web.abc.1") },
		"another's part":  func(head *corev1.Secret) { head.Data["parts"] = []byte("lockstep.api.abc.1") },
	} {
		p := newPlace(t)
		s := p.store()
		p.save(s, small("1"))
		p.edit("web", breakIt)
		if _, err := s.Load(t.Context(), "web"); !errors.Is(err, inventory.ErrBroken) {
			t.Errorf("%s: load: %v, want ErrBroken", name, err)
		}
		p.save(s, small("2"))
		same(t, p.load(p.store()), small("2"))
	}
}

func TestAnInventoryWithoutItsLabelsIsFound(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), small("1"))
	p.edit("web", func(head *corev1.Secret) { head.Labels = nil })
	s := p.store()
	same(t, p.load(s), small("1"))
	p.save(s, small("2"))
	if secrets := p.secrets(); secrets[0].Labels["lockstep.dev/app"] != "web" {
		t.Errorf("labels: %v", secrets[0].Labels)
	}
}

func TestTwentyThousandObjectsAndALargeHealthyStateAreKept(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	want := large("1", 20_000, 5_000)
	p.save(s, want)
	if n := len(p.secrets()); n < 3 {
		t.Errorf("%d Secrets, want it split", n)
	}
	same(t, p.load(p.store()), want)
	next := p.store()
	got := p.load(next)
	changed := object.ID{Kind: "ConfigMap", Namespace: "default", Name: "config-12345"}
	got.Entries[changed] = inventory.Entry{Version: "v1", Hash: "changed"}
	p.save(next, got)
	same(t, p.load(p.store()), got)
	p.load(s)
	p.save(s, small("2"))
	if n := len(p.secrets()); n != 1 {
		t.Errorf("%d Secrets are left of a small app", n)
	}
	same(t, p.load(s), small("2"))
}

func TestAppsDoNotSeeEachOther(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	other := heavy("9")
	other.App = "web-2"
	p.save(s, other)
	p.save(s, small("1"))
	p.save(p.store(), inventory.New("web-3"))
	got, err := p.store().Load(t.Context(), "web-2")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, other)
	same(t, p.load(p.store()), small("1"))
}

func TestANameThatIsNoneIsRefusedBeforeAnyCall(t *testing.T) {
	p := newPlace(t)
	p.calls.reset()
	for _, app := range []string{"", "a.b", "../x", "A", strings.Repeat("a", 64)} {
		if _, err := p.store().Load(t.Context(), app); err == nil {
			t.Errorf("load of %q was tried", app)
		}
		if err := p.store().Save(t.Context(), inventory.New(app)); err == nil {
			t.Errorf("save of %q was tried", app)
		}
	}
	if got := p.calls.String(); got != "" {
		t.Errorf("calls: %s", got)
	}
}

func TestTheNamespaceIsMadeWhenItIsMissing(t *testing.T) {
	p := newPlace(t)
	name := p.namespace + "-more"
	t.Cleanup(func() {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := p.client.Delete(context.Background(), ns); err != nil {
			t.Error(err)
		}
	})
	s := inventory.NewStore(p.client, name)
	p.calls.reset()
	for range 2 {
		if err := s.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.calls.String(); got != "get create" { // it is not looked for again
		t.Errorf("calls: %s", got)
	}
	p.save(s, small("1"))
}

func TestNotBeingAllowedToSeeTheNamespaceIsNoError(t *testing.T) {
	p := newPlace(t)
	p.calls.refuse = apierrors.NewForbidden(corev1.Resource("namespaces"), p.namespace, errors.New("not yours"))
	if err := p.store().Ensure(t.Context()); err != nil {
		t.Error(err)
	}
}
