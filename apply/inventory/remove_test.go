package inventory_test

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

func (p place) remove(s *inventory.Store) {
	p.t.Helper()
	if err := s.Remove(p.t.Context(), "web"); err != nil {
		p.t.Fatal(err)
	}
}

func TestTheInventoryOfAnAppThatIsGoneIsRemoved(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	p.save(s, of("web-2", heavy("9")))
	p.save(s, small("1"))
	p.calls.reset()
	p.remove(s)
	p.took("delete")
	p.remove(s) // nothing is there any more
	p.took("")
	if !p.load(s).IsNew() || !p.load(p.store()).IsNew() {
		t.Error("it can still be loaded")
	}
	p.save(s, small("2")) // the app comes back
	same(t, p.load(p.store()), small("2"))
	got, err := p.store().Load(t.Context(), "web-2")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, of("web-2", heavy("9")))
}

func TestAnInventoryOfSeveralSecretsIsRemovedWhole(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), heavy("1"))
	s := p.store()
	p.all(s)
	p.remove(s)
	if secrets := p.secrets(); len(secrets) != 0 {
		t.Errorf("%d Secrets are left", len(secrets))
	}
}

func TestWhatSomebodyElseWroteIsNotRemoved(t *testing.T) {
	for _, old := range []*inventory.Inventory{small("1"), heavy("1")} {
		p := newPlace(t)
		p.save(p.store(), old)
		s, other := p.store(), p.store()
		p.load(s)
		p.load(other)
		p.save(other, small("2"))
		if err := s.Remove(t.Context(), "web"); !errors.Is(err, inventory.ErrConflict) {
			t.Errorf("remove: %v, want a conflict", err)
		}
		same(t, p.load(p.store()), small("2"))
	}
}

func TestWhatNobodyLookedAtIsNotRemoved(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), small("1"))
	p.calls.reset()
	if err := p.store().Remove(t.Context(), "web"); err == nil {
		t.Error("removed")
	}
	if err := p.store().Remove(t.Context(), "../x"); err == nil {
		t.Error("a name that is none was taken")
	}
	p.took("")
	same(t, p.load(p.store()), small("1"))
}

func TestABrokenInventoryCanBeRemovedAndANewerOneNot(t *testing.T) {
	p := newPlace(t)
	s := p.store()
	p.save(s, small("1"))
	p.edit("web", func(head *corev1.Secret) { head.Data["version"] = []byte("5") })
	if _, err := s.Load(t.Context(), "web"); !errors.Is(err, inventory.ErrNewer) {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "web"); !errors.Is(err, inventory.ErrNewer) {
		t.Errorf("remove: %v, want ErrNewer", err)
	}
	p.edit("web", func(head *corev1.Secret) {
		head.Data["version"], head.Data["parts"] = []byte("1"), []byte("lockstep.web.abc.1")
	})
	if _, err := s.Load(t.Context(), "web"); !errors.Is(err, inventory.ErrBroken) {
		t.Fatal(err)
	}
	p.remove(s)
	if secrets := p.secrets(); len(secrets) != 0 {
		t.Errorf("%d Secrets are left", len(secrets))
	}
}

func TestPartsThatNoHeadNamesGoWithTheRest(t *testing.T) {
	p := newPlace(t)
	slow := p.store()
	p.load(slow)
	p.calls.killAt(2, false)
	if err := slow.Save(t.Context(), heavy("1")); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	p.calls.reset()
	s := p.store()
	p.load(s)
	p.remove(s)
	if secrets := p.secrets(); len(secrets) != 0 {
		t.Errorf("%d Secrets are left", len(secrets))
	}
}

// TestADaemonKilledAtAnyCallOfARemoveIsCompletedByTheNext kills a remove before and after each of its calls, until one gets
// through.
func TestADaemonKilledAtAnyCallOfARemoveIsCompletedByTheNext(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; killedRemoving(t, n, after); n++ {
			if n > 20 {
				t.Fatal("a remove never gets through")
			}
		}
	}
}

// killedRemoving says whether the remove was killed at its n-th call.
func killedRemoving(t *testing.T, n int, after bool) bool {
	p := newPlace(t)
	s := p.store()
	p.save(s, heavy("1"))
	p.calls.killAt(n, after)
	err := s.Remove(t.Context(), "web")
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatalf("call %d: remove: %v", n, err)
	}
	p.calls.reset()

	next := p.store()
	for _, got := range p.all(next) {
		if !got.Leaving {
			same(t, got, heavy("1"))
		} else if len(got.Entries) > 0 || got.IsNew() {
			t.Errorf("call %d (after: %t): left %+v", n, after, got)
		}
	}
	p.load(next)
	p.remove(next)
	if secrets := p.secrets(); len(secrets) != 0 {
		t.Errorf("killed at call %d (after: %t): %d Secrets are left", n, after, len(secrets))
	}
	return err != nil
}

func TestTheSameDaemonGoesOnAfterAFailedRemove(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; n <= 3; n++ {
			p := newPlace(t)
			s := p.store()
			p.save(s, heavy("1"))
			p.calls.killAt(n, after)
			if err := s.Remove(t.Context(), "web"); !errors.Is(err, errKilled) {
				t.Fatalf("remove: %v", err)
			}
			p.calls.reset()
			err := s.Remove(t.Context(), "web")
			if errors.Is(err, inventory.ErrConflict) { // the head was written, and the answer lost
				p.load(s)
				err = s.Remove(t.Context(), "web")
			}
			if err != nil {
				t.Fatalf("call %d: %v", n, err)
			}
			if secrets := p.secrets(); len(secrets) != 0 {
				t.Errorf("call %d (after: %t): %d Secrets are left", n, after, len(secrets))
			}
		}
	}
}
