package inventory_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
)

// of makes an inventory that of another app.
func of(app string, i *inventory.Inventory) *inventory.Inventory {
	i.App = app
	return i
}

// all returns the inventories that there are, each of which has to be usable.
func (p place) all(s *inventory.Store) []*inventory.Inventory {
	p.t.Helper()
	all, unusable, err := s.All(p.t.Context())
	if err != nil || len(unusable) > 0 {
		p.t.Fatal(err, unusable)
	}
	return all
}

// took fails the test unless these were the calls since it was last asked.
func (p place) took(want string) {
	p.t.Helper()
	if got := p.calls.String(); got != want {
		p.t.Errorf("calls: %q, want %q", got, want)
	}
	p.calls.reset()
}

func TestAllInventoriesComeWithOneListAndPrimeTheirLoads(t *testing.T) {
	p := newPlace(t)
	first := p.store()
	p.save(first, of("web", heavy("1")))
	p.save(first, of("web-2", small("2")))
	p.save(first, of("api", small("3")))
	s := p.store()
	p.calls.reset()
	all := p.all(s)
	p.took("list")
	if len(all) != 3 {
		t.Fatalf("%d inventories", len(all))
	}
	same(t, all[0], of("api", small("3")))
	same(t, all[1], heavy("1"))
	same(t, all[2], of("web-2", small("2")))

	loaded := p.load(s)
	p.took("")
	same(t, loaded, heavy("1"))
	clear(loaded.Entries) // is its own
	same(t, all[1], heavy("1"))
	same(t, p.load(s), heavy("1"))
	p.took("get list") // it has parts
	p.save(s, heavy("1"))
	p.took("")
	if loaded.IsNew() {
		t.Error("it is said to be new")
	}
}

func TestAnAppThatAllHasNotSeenCostsOneCall(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), of("api", small("1")))
	s := p.store()
	p.all(s)
	p.calls.reset()
	if !p.load(s).IsNew() {
		t.Error("something was loaded")
	}
	p.took("get")
}

func TestAWriterAfterAllIsNoticedByTheSave(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), small("1"))
	s, other := p.store(), p.store()
	p.all(s)
	p.load(other)
	p.save(other, small("2"))
	p.calls.reset()
	got := p.load(s)
	p.took("")
	same(t, got, small("1"))
	if err := s.Save(t.Context(), small("3")); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("save: %v, want a conflict", err)
	}
	same(t, p.load(s), small("2"))
	p.save(s, small("3"))
}

func TestASaveWithoutALoadIsWhatTheNextLoadReturns(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), small("1"))
	s := p.store()
	p.all(s)
	p.save(s, small("2"))
	same(t, p.load(s), small("2"))
}

func TestAllLeavesAppsThatAreAtWorkAlone(t *testing.T) {
	p := newPlace(t)
	s, other := p.store(), p.store()
	p.load(s)
	p.save(s, small("1"))
	p.load(other)
	p.save(other, small("2"))
	same(t, p.all(s)[0], small("2"))
	if err := s.Save(t.Context(), small("3")); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("save: %v, want a conflict with what was saved since", err)
	}
	p.calls.reset()
	same(t, p.load(s), small("2"))
	p.took("get")
}

func TestTheLastAllCounts(t *testing.T) {
	p := newPlace(t)
	other, s := p.store(), p.store()
	p.save(other, small("1"))
	p.save(other, of("api", small("1")))
	p.all(s)
	p.save(other, small("2"))
	if err := other.Remove(t.Context(), "api"); err != nil {
		t.Fatal(err)
	}
	if all := p.all(s); len(all) != 1 {
		t.Errorf("%d inventories, want one", len(all))
	}
	p.calls.reset()
	same(t, p.load(s), small("2"))
	p.took("")
	if gone, err := s.Load(t.Context(), "api"); err != nil || !gone.IsNew() {
		t.Errorf("of an app that is gone %+v was loaded, %v", gone, err)
	}
}

func TestAnInventoryThatCannotBeUsedDoesNotHideTheOthers(t *testing.T) {
	p := newPlace(t)
	first := p.store()
	p.save(first, of("api", small("1")))
	for name, breakIt := range map[string]func(*corev1.Secret){
		"newer":  func(head *corev1.Secret) { head.Data["version"] = []byte("5") },
		"broken": func(head *corev1.Secret) { head.Data["payload"] = []byte("x") },
	} {
		p.save(first, of(name, small("1")))
		p.edit(name, breakIt)
	}
	s := p.store()
	all, unusable, err := s.All(t.Context())
	if err != nil || len(all) != 1 || all[0].App != "api" || len(unusable) != 2 {
		t.Fatalf("%d inventories, unusable %v, %v", len(all), unusable, err)
	}
	p.calls.reset()
	for app, want := range map[string]error{"newer": inventory.ErrNewer, "broken": inventory.ErrBroken} {
		if !errors.Is(unusable[app], want) {
			t.Errorf("%s: %v", app, unusable[app])
		}
		if _, err := s.Load(t.Context(), app); !errors.Is(err, want) {
			t.Errorf("load %s: %v", app, err)
		}
	}
	p.took("")
	if err := s.Save(t.Context(), of("newer", small("2"))); !errors.Is(err, inventory.ErrNewer) {
		t.Errorf("save over a newer one: %v", err)
	}
	p.save(s, of("broken", small("2")))
	p.took("update")
}

func TestWhatOtherWritersLeftIsKnownAfterAll(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), small("1"))
	for _, app := range []string{"web", "api"} { // of api no head was ever written
		slow := p.store()
		if _, err := slow.Load(t.Context(), app); err != nil {
			t.Fatal(err)
		}
		p.calls.killAt(2, false)
		if err := slow.Save(t.Context(), of(app, heavy("2"))); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		p.calls.reset()
	}
	s := p.store()
	if all := p.all(s); len(all) != 1 {
		t.Errorf("%d inventories, want one", len(all))
	}
	p.save(s, p.load(s))
	api, err := s.Load(t.Context(), "api")
	if err != nil || !api.IsNew() {
		t.Fatalf("%+v, %v", api, err)
	}
	p.save(s, api)
	if secrets := p.secrets(); len(secrets) != 2 {
		t.Errorf("%d Secrets are left, want 2", len(secrets))
	}
}

func TestSecretsThatAreNoInventoryAreNotTakenForOne(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	p.save(s, of("api", small("1")))
	p.save(s, small("1"))
	p.edit("web", func(head *corev1.Secret) { head.Labels = nil })
	labels := map[string]string{"lockstep.dev/app": "x", "app.kubernetes.io/managed-by": "lockstep"}
	for name, kind := range map[string]corev1.SecretType{
		"lockstep.x": corev1.SecretTypeOpaque, "helm.x": inventory.SecretType, "lockstep.-x": inventory.SecretType,
	} {
		meta := metav1.ObjectMeta{Namespace: p.namespace, Name: name, Labels: labels}
		if err := p.client.Create(t.Context(), &corev1.Secret{ObjectMeta: meta, Type: kind}); err != nil && !apierrors.IsInvalid(err) {
			t.Fatal(err)
		}
	}
	next := p.store()
	if all := p.all(next); len(all) != 1 || all[0].App != "api" {
		t.Errorf("%d inventories", len(all))
	}
	same(t, p.load(next), small("1")) // without its labels, too
}

func TestManyAppsAreListedInPages(t *testing.T) {
	const apps = 600
	p := newPlace(t)
	p.saveMany(apps)
	s := p.store()
	if all := p.all(s); len(all) != apps {
		t.Errorf("%d inventories, want %d", len(all), apps)
	}
	p.took("list list")
	for n := range apps {
		if got, err := s.Load(t.Context(), fmt.Sprint("app-", n)); err != nil || got.Revision != fmt.Sprint(n) {
			t.Fatalf("app-%d: %+v, %v", n, got, err)
		}
	}
	p.took("")

	p.calls.expire = 1
	if all := p.all(p.store()); len(all) != apps {
		t.Errorf("%d inventories after a list that was begun anew, want %d", len(all), apps)
	}
	p.took("list list list list")
	p.calls.expire = 99
	if all, _, err := p.store().All(t.Context()); !apierrors.IsResourceExpired(err) || all != nil {
		t.Errorf("%d inventories of lists that never come to an end, %v", len(all), err)
	}
}

// saveMany saves inventories of apps app-0, app-1 and so on, at the revisions 0, 1 and so on.
func (p place) saveMany(apps int) {
	p.t.Helper()
	s := inventory.NewStore(clustertest.Client(p.t), p.namespace) // the one that counts is for one goroutine
	var group errgroup.Group
	group.SetLimit(16)
	for n := range apps {
		group.Go(func() error { return s.Save(p.t.Context(), of(fmt.Sprint("app-", n), small(fmt.Sprint(n)))) })
	}
	if err := group.Wait(); err != nil {
		p.t.Fatal(err)
	}
}

func TestAllMayBeCalledWhileAppsAreAtWork(t *testing.T) {
	const apps = 8
	p := newPlace(t)
	p.saveMany(apps)
	s := inventory.NewStore(clustertest.Client(t), p.namespace)
	var group errgroup.Group
	group.Go(func() error {
		for range 10 {
			if all, unusable, err := s.All(t.Context()); err != nil || len(all) != apps {
				return fmt.Errorf("%d inventories, unusable %v, %w", len(all), slices.Collect(maps.Keys(unusable)), err)
			}
		}
		return nil
	})
	for n := range apps {
		app := fmt.Sprint("app-", n)
		group.Go(func() error {
			for round := range 5 {
				got, err := s.Load(t.Context(), app)
				if err != nil {
					return err
				}
				if round > 0 && got.Revision != fmt.Sprint("round-", round-1) {
					return fmt.Errorf("%s: round %d loaded %s", app, round, got.Revision)
				}
				if err := s.Save(t.Context(), of(app, small(fmt.Sprint("round-", round)))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
