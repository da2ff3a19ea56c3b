package inventory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

// errKilled is what every call gets from the moment at which the daemon is taken to be dead.
var errKilled = errors.New("killed")

// calls counts a client's calls, and can cut them off.
type calls struct {
	verbs  []string
	left   int   // calls until all fail with errKilled; 0 means never
	after  bool  // the last call that is left does its work and fails: killed before the answer
	refuse error // what each call gets at once
	expire int   // how many lists the API server does not go on with after their first page
}

func (c *calls) reset()         { *c = calls{} }
func (c *calls) String() string { return strings.Join(c.verbs, " ") }

// killAt makes the n-th call from now, and all after it, fail. With after, that call has taken effect.
func (c *calls) killAt(n int, after bool) { *c = calls{left: n, after: after} }

func (c *calls) call(verb string, do func() error) error {
	if c.refuse != nil {
		return c.refuse
	}
	c.verbs = append(c.verbs, verb)
	if c.left == 0 || len(c.verbs) < c.left {
		return do()
	}
	if c.after && len(c.verbs) == c.left {
		return errors.Join(do(), errKilled)
	}
	return errKilled
}

func (c *calls) around(inner client.WithWatch) client.WithWatch {
	return interceptor.NewClient(inner, interceptor.Funcs{
		Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			return c.call("get", func() error { return w.Get(ctx, key, o, opts...) })
		},
		List: func(ctx context.Context, w client.WithWatch, o client.ObjectList, opts ...client.ListOption) error {
			return c.call("list", func() error {
				if goesOn := new(client.ListOptions).ApplyOptions(opts).Continue != ""; goesOn && c.expire > 0 {
					c.expire--
					return apierrors.NewResourceExpired("the list is too old")
				}
				return w.List(ctx, o, opts...)
			})
		},
		Create: func(ctx context.Context, w client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return c.call("create", func() error { return w.Create(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, w client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			return c.call("update", func() error { return w.Update(ctx, o, opts...) })
		},
		Delete: func(ctx context.Context, w client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return c.call("delete", func() error { return w.Delete(ctx, o, opts...) })
		},
	})
}

// TestADaemonKilledAtAnyCallOfASaveLeavesTheOldOrTheNew kills a save before and after each of its calls, until one gets through.
func TestADaemonKilledAtAnyCallOfASaveLeavesTheOldOrTheNew(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; killed(t, n, after); n++ {
			if n > 20 {
				t.Fatal("a save never gets through")
			}
		}
	}
}

// killed says whether the save was killed at its n-th call.
func killed(t *testing.T, n int, after bool) bool {
	p := newPlace(t)
	s := p.store()
	p.save(s, heavy("before"))
	p.calls.killAt(n, after)
	err := s.Save(t.Context(), heavy("after"))
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatalf("call %d: save: %v", n, err)
	}
	done := p.calls.String()
	p.calls.reset()

	next := p.store()
	got := p.load(next)
	switch got.Revision {
	case "before":
		same(t, got, heavy("before"))
	default:
		same(t, got, heavy("after"))
	}
	p.save(next, got)
	if secrets := p.secrets(); len(secrets) != 2 {
		t.Errorf("killed in %q (after: %t): %d Secrets are left, want 2", done, after, len(secrets))
	}
	same(t, p.load(p.store()), got)
	return err != nil
}

func TestTheSameDaemonGoesOnAfterAFailedSave(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; n <= 3; n++ {
			p := newPlace(t)
			s := p.store()
			p.save(s, heavy("before"))
			p.calls.killAt(n, after)
			if err := s.Save(t.Context(), heavy("after")); !errors.Is(err, errKilled) {
				t.Fatalf("save: %v", err)
			}
			p.calls.reset()
			err := s.Save(t.Context(), small("third"))
			if errors.Is(err, inventory.ErrConflict) { // the head was written, and the answer lost
				same(t, p.load(s), heavy("after"))
				err = s.Save(t.Context(), small("third"))
			}
			if err != nil {
				t.Fatalf("call %d: %v", n, err)
			}
			same(t, p.load(p.store()), small("third"))
			if secrets := p.secrets(); len(secrets) != 1 {
				t.Errorf("call %d: %d Secrets are left", n, len(secrets))
			}
		}
	}
}

// TestAWriterUnderWayCannotLoseItsPartsToAnother has one daemon look while another has written its parts and not its head.
func TestAWriterUnderWayCannotLoseItsPartsToAnother(t *testing.T) {
	p := newPlace(t)
	p.save(p.store(), small("1"))
	slow, other := p.store(), p.store()
	p.load(slow)
	p.calls.killAt(2, false) // its part is there, its head is not
	if err := slow.Save(t.Context(), heavy("after")); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	p.calls.reset()
	p.save(other, p.load(other)) // sees a part that nobody names
	p.calls.reset()
	if err := slow.Save(t.Context(), heavy("after")); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("the slow daemon's save: %v, want a conflict", err)
	}
	same(t, p.load(p.store()), small("1"))
	p.load(slow)
	p.save(slow, heavy("after"))
	same(t, p.load(p.store()), heavy("after"))
	if secrets := p.secrets(); len(secrets) != 2 {
		t.Errorf("%d Secrets are left, want 2", len(secrets))
	}
}
