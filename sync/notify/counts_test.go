package notify_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

// counts waits until the one target has had so much of each.
func (s *stage) counts(sent, failed, dropped uint64) {
	s.Helper()
	want := map[string]uint64{"sent": sent, "failed": failed, "dropped": dropped}
	clustertest.Eventually(s, "the counts to be "+fmt.Sprint(want), func(context.Context) (bool, string) {
		got := s.notifier.Counts()
		return len(got) == 1 && maps.Equal(got["chat"], want), fmt.Sprint(got)
	})
}

func TestWhatBecomesOfNotificationsIsCounted(t *testing.T) {
	codes := []int{http.StatusServiceUnavailable, http.StatusOK, http.StatusBadRequest}
	chat := newReceiver(t, func(w http.ResponseWriter, attempt int) { w.WriteHeader(codes[min(attempt, len(codes))-1]) })
	target := slack(t, chat)
	s := newStage(t, repository, target)
	s.counts(0, 0, 0)
	s.tell("web", first, healthy(first)...) // which is tried twice
	s.counts(1, 1, 0)
	target.Template = "{{.App}} is {{.State}}"
	s.notifier.Set(target) // it is still the target of that name
	s.counts(1, 1, 0)
	s.tell("web", second, healthy(second)...) // which is refused
	s.counts(1, 2, 1)
	s.notifier.Set()
	if got := s.notifier.Counts(); len(got) > 0 {
		t.Errorf("of targets that have left: %v", got)
	}
}

func TestATargetOfAnotherTypeIsCountedAnew(t *testing.T) {
	chat := newReceiver(t, nil)
	s := newStage(t, repository, slack(t, chat))
	s.tell("web", first, healthy(first)...)
	s.counts(1, 0, 0)
	s.notifier.Set(notify.Target{Name: "chat", Type: notify.Webhook, URL: chat.URL})
	s.counts(0, 0, 0)
}
