package sync

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
)

func TestAPulseKnowsTheOldestWorkThatHasNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPulse()
		_, first := p.begin()
		time.Sleep(3 * time.Minute)
		_, second := p.begin()
		time.Sleep(time.Minute)
		if got := p.Longest(); got != 4*time.Minute {
			t.Errorf("%s, want 4m", got)
		}
		first()
		if got := p.Longest(); got != time.Minute {
			t.Errorf("%s after the first has ended, want 1m", got)
		}
		second()
		if got := p.Longest(); got != 0 {
			t.Errorf("%s of nothing", got)
		}
	})
}

func TestAWorkerIsWatchedFromItsTurnUntilItGivesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(1)
		pool.pulse = NewPulse()
		held := turn{pool: pool}
		if err := held.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := pool.pulse.Longest(); got != time.Hour {
			t.Errorf("%s, want 1h", got)
		}
		waiting := turn{pool: pool}
		ended := make(chan error)
		go func() { ended <- waiting.take(t.Context()) }()
		held.give()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := pool.pulse.Longest(); got != 0 {
			t.Errorf("%s: the wait for a turn counts", got)
		}
	})
}

func TestAWorkerWhoseCallsComeToAnEndIsNotStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(2)
		pool.pulse = NewPulse()
		slow, stuck := turn{pool: pool}, turn{pool: pool}
		working, nothing := slow.on(t.Context()), stuck.on(t.Context())
		Beat(working) // before its turn: that is no work
		if err := slow.take(working); err != nil {
			t.Fatal(err)
		}
		for range 5_000 { // each call takes ten seconds
			time.Sleep(10 * time.Second)
			Beat(context.WithoutCancel(working))
		}
		if got := pool.pulse.Longest(); got != 0 {
			t.Errorf("%s without a sign of one whose calls are slow", got)
		}
		if err := stuck.take(nothing); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		Beat(working)
		if got := pool.pulse.Longest(); got != time.Hour {
			t.Errorf("%s, want 1h of the one that makes no call", got)
		}
		stuck.give()
		Beat(nothing)
		if got := pool.pulse.Longest(); got != 0 {
			t.Errorf("%s of one that has given its turn", got)
		}
	})
}

// asker is a source that is not there, and notes for whom it was asked.
type asker struct{ heard []context.Context }

func (a *asker) Fetch(ctx context.Context) (git.Snapshot, error) {
	a.heard = append(a.heard, ctx)
	return git.Snapshot{}, git.ErrNotFound
}

func (*asker) Observe(context.Context, Event) {}

func TestWhatAPassAsksForIsASignOfIt(t *testing.T) {
	source, pool := &asker{}, NewPool(1)
	pool.pulse = NewPulse()
	r := &Reconciler{
		App: App{Name: "web"}, Source: source, Observer: source, Pool: pool,
		Ledger: inventory.NewStore(clustertest.Client(t), clustertest.Namespace(t)),
	}
	if _, err := r.Reconcile(t.Context()); err == nil {
		t.Error("there is a source")
	}
	if err := r.Retire(t.Context()); err != nil {
		t.Error(err)
	}
	for _, ctx := range source.heard {
		if _, ok := ctx.Value(beatKey{}).(*turn); !ok {
			t.Error("asked for nobody's work")
		}
	}
	if len(source.heard) < 2 {
		t.Errorf("asked %d times", len(source.heard))
	}
}
