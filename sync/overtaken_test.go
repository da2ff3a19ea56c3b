package sync_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// saves counts how often the record of an app is written.
type saves struct{ n atomic.Int32 }

func (s *saves) wrap(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			if _, is := o.(*corev1.Secret); is && strings.HasPrefix(o.GetName(), "lockstep.") {
				s.n.Add(1)
			}
			return c.Update(ctx, o, options...)
		},
	})
}

// story is the history on record, each commit in a word and the first digits of its hash.
func (s *stage) story() (all []string) {
	for _, r := range s.stored().History {
		all = append(all, strings.TrimPrefix(r.Revision, "main@sha1:")[:7]+" "+r.State)
	}
	return all
}

func TestCommitsThatAreOvertakenAreInTheHistoryWithoutAWriteOfTheirOwn(t *testing.T) {
	saves := &saves{}
	s := newStage(t, options{wrap: saves.wrap}, web(t, 1)...)
	first := s.commit()
	s.start()
	s.serves(first, 1)
	before := saves.n.Load()
	want := []string{first[:7] + " Healthy"}
	for i := range 4 { // none of them ever serves: no node has the room
		hash := s.commit("web-deployment.yaml", huge(t, 2+i))
		s.waitFor(hash[:7]+" to be at its gate", func(app status.App) bool {
			return app.State == sync.Progressing && app.Revision.Applied.Hash == hash && app.Reason == "Unschedulable"
		})
		want = append([]string{hash[:7] + " Overtaken"}, want...)
	}
	if n := saves.n.Load() - before; n != 0 {
		t.Errorf("%d writes for commits that were overtaken", n)
	}
	last := s.commit("web-deployment.yaml", deployment(t, 2))
	s.serves(last, 2)
	want = append([]string{last[:7] + " Healthy"}, want...)
	if got := strings.Join(s.story(), ", "); got != strings.Join(want, ", ") {
		t.Errorf("history: %s\nwant: %s", got, strings.Join(want, ", "))
	}
	if n := saves.n.Load() - before; n != 1 {
		t.Errorf("%d writes of the record in all", n)
	}
	record := s.stored().History[1]
	if record.Author != "Ada" || record.Message != "Change web-deployment.yaml" || record.At.IsZero() || record.Duration <= 0 {
		t.Errorf("of the last that was overtaken: %+v", record)
	}
}

// TestACommitWithAVerdictIsNotOvertaken is about one that is not in the history: it never came to its gate.
func TestACommitWithAVerdictIsNotOvertaken(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	s.pass()
	s.commit("web-deployment.yaml", "kind: [\n") // it could not be read: that is its verdict
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err == nil {
		t.Fatal("it was read")
	}
	third := s.commit("web-deployment.yaml", deployment(t, 2))
	s.pass()
	if got := strings.Join(s.story(), ", "); got != third[:7]+" Healthy, "+first[:7]+" Healthy" {
		t.Errorf("history: %s", got)
	}
}
