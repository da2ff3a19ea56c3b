package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/sync/notify"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestTheMetricsHaveEachTargetOfNotificationsFromZeroOn(t *testing.T) {
	s := newSignals(status.NewStore(), zap.NewNop())
	page := func() string {
		answer := httptest.NewRecorder()
		s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return answer.Body.String()
	}
	const begin = "\nlockstep_notifications_total{"
	s.notify([]config.Notification{{Target: notify.Target{Name: "ops", Type: notify.Webhook, URL: "http://127.0.0.1:1/"}}})
	for _, outcome := range []string{"sent", "failed", "dropped"} {
		if text := page(); !strings.Contains(text, begin+`outcome="`+outcome+`",target="ops"} 0`) {
			t.Errorf("no series of what is %s", outcome)
		}
	}
	s.notify(nil)
	if strings.Contains(page(), begin) {
		t.Error("the series of a target that has left are still there")
	}
}
