package sync_test

import (
	"context"
	"fmt"
	stdsync "sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// seenRevisions counts the commits that an app is told to have.
type seenRevisions struct {
	sync.Observer
	mu   stdsync.Mutex
	seen map[string]bool
}

func (o *seenRevisions) Observe(ctx context.Context, event sync.Event) {
	if event.Step == sync.StepFetch && event.Snapshot != nil {
		o.mu.Lock()
		o.seen[event.Snapshot.Revision.Hash] = true
		o.mu.Unlock()
	}
	o.Observer.Observe(ctx, event)
}

// TestABurstOfCommitsIsAppliedAtItsHead pushes more than 100 a minute to a remote that is only asked.
func TestABurstOfCommitsIsAppliedAtItsHead(t *testing.T) {
	bare := gittest.New(t, "--bare")
	s := newStage(t, options{url: bare.Serve()}, web(t, 1)...)
	s.repo.Git("remote", "add", "origin", bare.Dir)
	push := func(files ...string) string {
		hash := s.commit(files...)
		s.repo.Git("push", "-q", "origin", "main")
		return hash
	}
	told := &seenRevisions{Observer: s.store, seen: map[string]bool{}}
	s.loop.Reconciler.Observer = told
	first := push()
	s.start()
	s.serves(first, 1)
	const commits = 40
	var head string
	for i := range commits {
		head = push("web-deployment.yaml", replace(t, deployment(t, 1+i%3), "environment: practice", fmt.Sprintf("environment: practice\n    burst: \"%d\"", i)))
	}
	last := time.Now()
	s.waitFor("the head to be healthy", func(app status.App) bool { return app.State == sync.Healthy && app.Revision.Healthy.Hash == head })
	told.mu.Lock()
	defer told.mu.Unlock()
	t.Logf("healthy at the head %s after the last of %d pushes; %d were applied", time.Since(last), commits, len(told.seen)-1)
	if n := len(told.seen) - 1; n < 1 || n > commits {
		t.Errorf("%d commits were seen", n)
	}
}
